import { openLink } from '../../link/mqtt.ts'
import { freePort, lacks, startMosquitto } from '../broker/mosquitto-process.ts'
import { temporaryDirectory } from '../broker/run.ts'
import { layCable } from './cable.ts'
import { linkSuite } from './suite.ts'

linkSuite({
  name: 'Mosquitto',
  skip: lacks('mosquitto'),
  async broker() {
    const directory = temporaryDirectory()
    const cable = await layCable()
    const port = await freePort()
    const start = () => startMosquitto(directory.path, port, [
      `listener ${port} 127.0.0.1`, 'allow_anonymous true', 'max_queued_messages 10000', 'set_tcp_nodelay true',
      'persistence true', `persistence_location ${directory.path}/`,
    ].join('\n'))
    let running = await start()
    cable.lead(port)
    return {
      url: `mqtt://127.0.0.1:${cable.port}`,
      cut: (id) => cable.cut(id),
      async stop() {
        cable.lead(undefined)
        await running.stop()
      },
      async start() {
        running = await start()
        cable.lead(port)
      },
      async close() {
        await cable.close()
        await running.stop()
        directory.remove()
      },
    }
  },
  open: (brokers, options) => openLink({ ...options, brokers: brokers.map(({ url }) => ({ url })) }),
})
