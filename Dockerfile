# Ringdown's images: softswitch, sounds, appserver, updater.
#
#   docker build --target softswitch -t ringdown-softswitch:current .
#
# Plain Dockerfile language: builds with the classic builder as well as with BuildKit. The classic one builds every
# stage above its target, so a stage stands right above the first that needs it. Programs run as user
# 10001 with a read-only root file system; what they keep is in volumes. Every image tells its role and version in labels:
# the updater goes by them.

# --- What every image begins with ------------------------------------------------------------------------------------
FROM debian:bookworm-slim AS runtime
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 ringdown \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /state --shell /usr/sbin/nologin ringdown \
 # A fresh named volume takes owner and mode from the folder it is mounted on.
 && install -d -o 10001 -g 10001 -m 0700 /state \
 && install -d -o 10001 -g 10001 -m 0755 /sounds
LABEL org.opencontainers.image.title="Ringdown" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
WORKDIR /state

# --- Sound pack ------------------------------------------------------------------------------------------------------
FROM debian:bookworm-slim AS sound-pack
RUN apt-get update \
 && apt-get install -y --no-install-recommends espeak-ng python3 sox \
 && rm -rf /var/lib/apt/lists/*
COPY sounds /src/sounds
RUN mkdir /out && cp -R "$(/src/sounds/build)" /out/

# --- sounds: brings its pack into the volume the softswitch reads ----------------------------------------------------
FROM runtime AS sounds
LABEL org.opencontainers.image.title="Ringdown sounds" \
      org.opencontainers.image.description="A versioned sound pack that syncs itself into a volume" \
      org.ringdown.role="sounds"
COPY --from=sound-pack /out /pack
COPY sounds/sync /usr/local/bin/sync-sounds
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["sync-sounds", "check"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["sync-sounds"]
ARG RINGDOWN_VERSION=0.1.0
LABEL org.opencontainers.image.version="$RINGDOWN_VERSION"

# --- Manifests alone, with empty sources: the dependencies are built from these, and again only when these change ----
FROM debian:bookworm-slim AS manifests
COPY Cargo.toml Cargo.lock /src/
COPY softswitch /src/softswitch
COPY appserver /src/appserver
RUN cd /src \
 && find . -type f ! -name Cargo.toml ! -name Cargo.lock \
      ! -path '*/src/main.rs' ! -path '*/src/lib.rs' ! -path '*/src/bin/*.rs' ! -path '*/benches/*.rs' ! -name build.rs -delete \
 && find . -name '*.rs' | while read -r file; do \
      case $file in */lib.rs) : >"$file" ;; *) echo 'fn main() {}' >"$file" ;; esac; \
    done \
 && find . -type d -empty -delete

# --- The programs ----------------------------------------------------------------------------------------------------
FROM rust:1-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY --from=manifests /src ./
RUN cargo build --release --locked -p ringdown-softswitch -p ringdown-appserver -p ringdown-updater
COPY softswitch softswitch
COPY appserver appserver
# The sources carry the times of the checkout, which lie before the build of the empty ones.
RUN find softswitch appserver -name '*.rs' -exec touch {} + \
 && cargo build --release --locked -p ringdown-softswitch -p ringdown-appserver -p ringdown-updater \
 && mkdir /out \
 && cp target/release/softswitch target/release/appserver target/release/updater /out/ \
 && strip --strip-debug /out/*

# --- softswitch: SIP, WebRTC, calls and their media ------------------------------------------------------------------
FROM runtime AS softswitch
LABEL org.opencontainers.image.title="Ringdown softswitch" \
      org.opencontainers.image.description="SIP registrar and B2BUA, WebRTC endpoints, media" \
      org.ringdown.role="softswitch"
ENV RINGDOWN_STATE=/state RINGDOWN_SOUNDS=/sounds
COPY --from=build /out/softswitch /usr/local/bin/softswitch
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["softswitch", "check"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["softswitch"]
ARG RINGDOWN_VERSION=0.1.0
LABEL org.opencontainers.image.version="$RINGDOWN_VERSION"

# --- Web pages: Debian's Node is too old for Vite, the npm registry carries Node's own release binaries --------------
FROM debian:bookworm-slim AS web
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs npm \
 && rm -rf /var/lib/apt/lists/*
# A network that inspects TLS brings its own authority: Node then trusts what the system trusts.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
ARG NODE_VERSION=24.21.0
RUN package="node-linux-$(node -p process.arch)" \
 && npm install --prefix /opt/node --no-audit --no-fund --ignore-scripts "$package@$NODE_VERSION" \
 && ln -s "node_modules/$package/bin" /opt/node/bin
ENV PATH=/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /src/web-client
COPY web-client/package.json web-client/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web-client ./
# The documentation site is built from it.
COPY docs /src/docs
RUN npm run build

# --- appserver: accounts, directory, presence, history, web pages ----------------------------------------------------
FROM runtime AS appserver
LABEL org.opencontainers.image.title="Ringdown app server" \
      org.opencontainers.image.description="Accounts, directory, presence, history, web pages" \
      org.ringdown.role="appserver"
ENV RINGDOWN_STATE=/state RINGDOWN_WEB_ROOT=/usr/share/ringdown/web RINGDOWN_HTTP_LISTEN=0.0.0.0:8080
COPY --from=web /src/web-client/dist /usr/share/ringdown/web
COPY --from=build /out/appserver /usr/local/bin/appserver
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["appserver", "check"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["appserver"]
ARG RINGDOWN_VERSION=0.1.0
LABEL org.opencontainers.image.version="$RINGDOWN_VERSION"

# --- updater: swaps the images of the others, and its own ------------------------------------------------------------
FROM runtime AS updater
LABEL org.opencontainers.image.title="Ringdown updater" \
      org.opencontainers.image.description="Swaps images, and goes back when the new ones are not well" \
      org.ringdown.role="updater"
# The engine's socket is root's. Without capabilities root may open what is his, and nothing else; the group is that of
# the other programs, who may ask the updater in the control volume.
USER 0:10001
RUN install -d -o 0 -g 10001 -m 0700 /state /import && install -d -o 0 -g 10001 -m 0750 /control
COPY --from=build /out/updater /usr/local/bin/updater
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 CMD ["updater", "check"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["updater"]
ARG RINGDOWN_VERSION=0.1.0
LABEL org.opencontainers.image.version="$RINGDOWN_VERSION"
