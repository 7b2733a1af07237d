/** How the long-running commands log, as the command line says it. */
import { Option } from 'commander'

export const logOption = () => new Option('--log <style>', 'style of the log; default: pretty on a terminal, else json')
  .choices(['json', 'pretty'])
export const levelOption = () => new Option('--log-level <level>', 'least weight of a line')
  .choices(['debug', 'info', 'warn', 'error']).default('info')
