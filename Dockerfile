# Two images of the example, each one file on a base without shell and package manager:
#   docker build --target api    --build-arg REVISION="$(git rev-parse HEAD)" -t nines-api .
#   docker build --target worker --build-arg REVISION="$(git rev-parse HEAD)" -t nines-worker .
# Both bases are pinned by the digest of their image index; deploy/IMAGES.md says how to move them on.
ARG BUILD_IMAGE=docker.io/library/node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:bb6b03d81066993293a10feda7250e8e1cc034035fe9b61cfceededa7c8bf04d

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
# The manifests first: the dependencies stay cached until the lock file changes.
COPY .npmrc package.json package-lock.json ./
COPY packages/queue/package.json packages/queue/
COPY packages/resilience/package.json packages/resilience/
COPY packages/slo/package.json packages/slo/
COPY packages/telemetry/package.json packages/telemetry/
COPY examples/gke-app/package.json examples/gke-app/
# Only what the example and its bundler need, and no script of a dependency runs.
RUN npm ci --ignore-scripts --workspace gke-app --cache .npm && rm -rf .npm
COPY tools/workspace tools/workspace
COPY tools/bundle tools/bundle
COPY packages packages
COPY examples/gke-app/src examples/gke-app/src
RUN node tools/bundle/main.ts --out /out

FROM ${BASE_IMAGE} AS service
ARG REVISION=unknown
ARG VERSION=0.0.0
ARG SOURCE=https://github.com/the-nines-authors/nines
LABEL org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"
# A pod is reached from outside of itself.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PROBES_HOST=0.0.0.0
WORKDIR /app
# The files belong to root: the service cannot change itself.
USER 1000:1000

FROM service AS api
LABEL org.opencontainers.image.title="nines-api"
COPY --from=build /out/api.mjs /out/api.licenses.txt ./
EXPOSE 8080 9464
ENTRYPOINT ["/nodejs/bin/node"]
CMD ["/app/api.mjs"]

FROM service AS worker
LABEL org.opencontainers.image.title="nines-worker"
COPY --from=build /out/worker.mjs /out/worker.licenses.txt ./
EXPOSE 9464
ENTRYPOINT ["/nodejs/bin/node"]
CMD ["/app/worker.mjs"]
