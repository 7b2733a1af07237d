# One image for every part: `understudy daemon`, `understudy broker`, `understudy handlers NAME`.

FROM node:24-bookworm-slim AS build
# raw-socket is compiled.
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm_config_nodedir=/usr/local npm ci --no-audit --no-fund
COPY . .
RUN sh setup/build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
# The group is root's for the daemon, which as a root without rights over other users' files could not write here otherwise.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin understudy \
 && install -d -o understudy -g root -m 770 /var/lib/understudy
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The daemon alone needs root, for raw sockets and addresses; docker-compose.yml leaves it those two rights only.
USER understudy
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
