// The suite that aedes-persistence brings for every implementation; persistence.test.ts runs it with `node --test`.
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { after, test } = require('node:test')
const suite = require('aedes-persistence/abstract.js')
const { SqlitePersistence } = require('../../broker/persistence.ts')

const directory = mkdtempSync(join(tmpdir(), 'understudy-suite-'))
after(() => rmSync(directory, { recursive: true, force: true }))
let files = 0
const persistence = () => new SqlitePersistence(join(directory, `${files++}.db`), { queuedMessages: 1000 })
suite({ test, testAsync: true, persistence })
