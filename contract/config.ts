/** One cluster file, the same on every host: schema, defaults, units; `parseConfig` → `Config` or every problem at once. */
export { ClusterFile, type Secret } from './config/file.ts'
export { handlerEntries } from './config/resolve.ts'
export type { Announce, Band, Bands, BrokerConfig, CheckConfig, Config, DnsProbe, GroupConfig, Preempt, RouterConfig, ServiceAddress, Unicast } from './config/resolve.ts'
export { formatProblem, parseConfig, type Problem } from './config/parse.ts'
