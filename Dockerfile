FROM node:24-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit
COPY tsconfig.json ./
COPY scripts/build.mjs scripts/
COPY src/ src/
RUN npm run build

FROM node:24-trixie-slim
LABEL org.opencontainers.image.title="Scopelift" \
      org.opencontainers.image.description="Turns a scope denial into a granted request, by token exchange at Keycloak (RFC 8693)"
# One file; as .mjs, so that Node needs no package.json to know what it is.
COPY --from=build /build/dist/scopelift.js /app/scopelift.mjs
COPY --from=build /build/dist/scopelift.js.LEGAL.tx[t] /app/
RUN ln -s /app/scopelift.mjs /usr/local/bin/scopelift
ENV NODE_ENV=production
WORKDIR /app
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 8322
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 CMD ["scopelift", "health"]
ENTRYPOINT ["node", "--", "/app/scopelift.mjs"]
