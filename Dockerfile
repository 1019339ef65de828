# q2c in a container: `docker build -t q2c .`, then `docker run q2c --help`.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/q2c
COPY requirements/run.lock requirements/run.lock
RUN /opt/q2c/bin/pip install --require-hashes --no-deps -r requirements/run.lock
COPY . .
RUN /opt/q2c/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/q2c q2c \
    && install -d -o q2c -g q2c -m 0700 /var/lib/q2c /var/lib/q2c/sandbox /var/lib/q2c/home
COPY --from=build /opt/q2c /opt/q2c
ENV PATH=/opt/q2c/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 Q2C_HOME=/var/lib/q2c/home
USER q2c
WORKDIR /var/lib/q2c
EXPOSE 8080
ENTRYPOINT ["q2c"]
CMD ["--help"]
