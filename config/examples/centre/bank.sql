-- Accounts of the sample self-service. A real bank keeps digests of PINs and compares them itself.
create table account (number text primary key, pin text not null, balance real not null);
insert into account values ('471100', '0815', 1284.5), ('880000', '1234', -20.0);
