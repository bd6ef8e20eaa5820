# The example proxy as an image: `docker build -t tollgate-proxy .`
FROM node:24-slim AS build
WORKDIR /repository
COPY . .
RUN node scripts/build.mjs \
  && npx --yes pnpm@12.21.0 --filter @tollgate/example-proxy deploy --prod --legacy /app

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 TOLLGATE_DIR=/data
WORKDIR /app
COPY --from=build /app /app
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 3000
# Liveness: whether the process answers. Readiness is GET /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node receives SIGTERM itself, and ends gracefully.
CMD ["node", "dist/server.js"]
