"""What `make` runs: set-up, checks of the locks, and the order in which everything is tested.

Only the standard library is imported here, because these programs run before `.venv` exists.

- `prepare`: the command line of set-up (`python3 -m tools.prepare run | dev | test`).
- `environment`: `.venv` from the hash-pinned locks. `web`: Node, `npm ci` and the built pages.
- `debian`: the programs the tests speak with. `locks`: writes and checks the locks.
- `verify`: every check and every test, in order, with one closing line.
- `secret_scan`: looks for secrets in tracked files. `console`: how steps are shown.
"""
