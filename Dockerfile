# Builds the service's image: docker build -t kt-flows .
FROM node:24-bookworm-slim AS pages
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml requirements.lock README.md alembic.ini ./
COPY src src
COPY bpmn bpmn
COPY migrations migrations
COPY --from=pages /build/src/kt_flows/web/static src/kt_flows/web/static
RUN python -m venv /opt/kt-flows \
 && /opt/kt-flows/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock \
 && /opt/kt-flows/bin/python -m pip install --no-cache-dir "hatchling>=1.27" \
 && /opt/kt-flows/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/kt-flows/bin/python -m pip uninstall -y hatchling

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --home-dir /var/lib/kt-flows kt-flows
COPY --from=build /opt/kt-flows /opt/kt-flows
ENV PATH=/opt/kt-flows/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    KT_FLOWS_HOST=0.0.0.0 \
    KT_FLOWS_PORT=8080 \
    KT_FLOWS_VAR_DIR=/var/lib/kt-flows
WORKDIR /var/lib/kt-flows
USER kt-flows
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"KT_FLOWS_PORT\"]}/health/live', timeout=2)"]
CMD ["kt-flows", "serve"]
