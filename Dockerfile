# openhandover: one process, one volume. Built pages are part of the package, so no Node.js is needed here.
# `docker compose up` builds and starts it; compose.yaml says what it needs.

FROM python:3.13-slim-bookworm AS build

ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/openhandover \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build

# The uv release is the one that the lock file was made for; scripts/bootstrap.py takes the same.
RUN pip install --no-cache-dir uv==0.13.8

# Dependencies change seldom: a layer of their own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project

COPY README.md LICENSE NOTICE ./
COPY src ./src
COPY examples ./examples
RUN uv sync --frozen --no-dev --no-editable


FROM python:3.13-slim-bookworm

RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin openhandover
COPY --from=build /opt/openhandover /opt/openhandover
ENV PATH=/opt/openhandover/bin:$PATH \
    PYTHONUNBUFFERED=1

# The database and the uploads live here and outlive the image; the configuration is mounted read-only.
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM

# Ready means: the store answers and its migrations are done.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]

ENTRYPOINT ["openhandover"]
CMD ["serve", "--config", "/etc/openhandover/openhandover.yaml"]
