/** The configuration of an Exim that takes every mail and delivers it into one file. */
import path from 'node:path'
import process from 'node:process'

/** Exim gives root up before it delivers. */
export const NOBODY = 65534

export interface EximWish {
  /** The program, as it must call itself. */
  readonly program: string
  /** For spool, logs and the box; whoever Exim becomes must be able to write there. */
  readonly directory: string
  readonly address: string
  readonly port: number
  readonly hostname: string
}

export const eximBox = (directory: string): string => path.join(directory, 'box')

export const eximConfiguration = ({ program, directory, address, port, hostname }: EximWish): string => `exim_path = ${program}
spool_directory = ${directory}
log_file_path = ${directory}/%slog
pid_file_path = ${directory}/pid
primary_hostname = ${hostname}
local_interfaces = ${address}
daemon_smtp_ports = ${port}
tls_advertise_hosts =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = everything
acl_smtp_data = everything
begin acl
everything:
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = ${eximBox(directory)}
  user = ${process.getuid?.() || NOBODY}
  group = ${process.getgid?.() || NOBODY}
`
