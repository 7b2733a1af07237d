import { openLink } from '../../link/mqtt.ts'
import { brokerConfig, startBroker, temporaryDirectory } from '../broker/run.ts'
import { layCable } from './cable.ts'
import { linkSuite } from './suite.ts'

linkSuite({
  name: 'the embedded broker',
  async broker() {
    const directory = temporaryDirectory()
    const cable = await layCable()
    const start = async () => {
      const running = await startBroker(brokerConfig(directory.path))
      cable.lead(running.ports[0])
      return running
    }
    let running = await start()
    return {
      url: `mqtt://127.0.0.1:${cable.port}`,
      cut: (id) => cable.cut(id),
      async stop() {
        cable.lead(undefined)
        await running.close()
      },
      async start() { running = await start() },
      async close() {
        await cable.close()
        await running.close()
        directory.remove()
      },
    }
  },
  open: (brokers, options) => openLink({ ...options, brokers: brokers.map(({ url }) => ({ url })) }),
})
