# One image for everything that is ours: worker, gateway, demo tenant and the jobs of docker-compose.yml.
FROM python:3.11.14-slim-bookworm AS build
# The version of the Makefile.
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
ENV PATH=/opt/uv/bin:$PATH VIRTUAL_ENV=/opt/venv UV_NO_CACHE=1 UV_SYSTEM_CERTS=1
WORKDIR /srv/holdfast
COPY requirements.lock ./
RUN uv venv --python /usr/local/bin/python3.11 /opt/venv && uv pip sync --require-hashes requirements.lock
COPY . .
# The lock has what tests and lint need as well; the image needs only what Holdfast itself requires.
RUN uv pip install --no-deps --no-build-isolation --editable . \
    && /opt/venv/bin/python deploy/not_required.py holdfast > /tmp/not-required \
    && uv pip uninstall --requirement /tmp/not-required \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib /srv/holdfast

FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 holdfast \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin holdfast \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data \
    && install --directory --owner 10001 --group 10001 --mode 0755 \
        /secrets /secrets/postgres /secrets/temporal /secrets/holdfast
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/holdfast /srv/holdfast
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 HOLDFAST_DATA_DIR=/data
WORKDIR /data
USER 10001:10001
# What runs is a module of ours: `worker`, `starter.gateway`, `starter` (the command line).
ENTRYPOINT ["python", "-P", "-m"]
CMD ["starter", "--help"]
