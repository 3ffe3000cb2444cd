# The centre in a container. Everything that is installed is pinned by hash (SUP-1); what builds it
# stays behind. It runs as an unprivileged user and needs to write below its data folder only.

# --- the pages ------------------------------------------------------------------------------------
FROM node:24-bookworm-slim AS pages
WORKDIR /build

COPY agent_desktop/web/package.json agent_desktop/web/package-lock.json agent_desktop/web/.npmrc agent_desktop/web/
COPY channels/chat/web/package.json channels/chat/web/package-lock.json channels/chat/web/.npmrc channels/chat/web/
RUN npm ci --prefix agent_desktop/web --ignore-scripts --no-audit --no-fund \
    && npm ci --prefix channels/chat/web --ignore-scripts --no-audit --no-fund

COPY agent_desktop/web agent_desktop/web
COPY channels/chat/web channels/chat/web
RUN npm run build --prefix agent_desktop/web && npm run build --prefix channels/chat/web

# --- the packages ---------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm AS packages
WORKDIR /build

RUN python -m venv /opt/build && python -m venv --without-pip /opt/carillon
COPY requirements-build.lock requirements.lock ./
RUN /opt/build/bin/python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements-build.lock
RUN /opt/build/bin/python -m pip --python /opt/carillon/bin/python install --no-cache-dir \
    --require-hashes --no-deps -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY router router
COPY channels channels
COPY agent_desktop agent_desktop
COPY ivr ivr
COPY reporting reporting
COPY config config
COPY --from=pages /build/agent_desktop/static agent_desktop/static
COPY --from=pages /build/channels/chat/static channels/chat/static
RUN /opt/build/bin/python -m pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation -w /dist . \
    && /opt/build/bin/python -m pip --python /opt/carillon/bin/python install --no-cache-dir --no-index --no-deps /dist/*.whl

# --- what runs ------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Carillon" \
      org.opencontainers.image.description="A contact centre: calls, mail, web chat and fax in one queue." \
      org.opencontainers.image.licenses="Apache-2.0"

RUN groupadd --gid 10001 carillon \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/carillon --shell /usr/sbin/nologin carillon \
    && install -d -o 10001 -g 10001 -m 700 /var/lib/carillon \
    && install -d -m 755 /etc/carillon
COPY --from=packages /opt/carillon /opt/carillon

ENV PATH=/opt/carillon/bin:/usr/local/bin:/usr/bin:/bin \
    CARILLON_CONFIG=/etc/carillon \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/carillon
VOLUME /var/lib/carillon
EXPOSE 8080 8081

# Whether the process answers; whether it takes work is /readyz.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["carillon"]
CMD ["run"]
