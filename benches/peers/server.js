// The two reads that the register is measured by, as a good Fastify service answers them: prepared statements, response
// schemas, a verified bearer token with a scope, one process a core. Reads DATABASE_URL, PORT and PROCESSES; prints a token.
import cluster from 'node:cluster'
import jwt from '@fastify/jwt'
import fastify from 'fastify'
import pg from 'pg'

const processes = Number(process.env.PROCESSES ?? 2)
const secret = 'a secret of this measurement alone'

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const any = { type: 'array', items: { type: 'object', additionalProperties: true } }
const innovation = {
  type: 'object',
  properties: {
    slug: text, reference: text, name: text, summary: text, description: text, mainCategory: text, categories: texts, areas: texts,
    careSettings: texts, shifts: texts, priorities: texts, stage: text, owner: text, ownerName: text,
    eligiblePopulation: { type: 'object', properties: { value: { type: 'integer' }, qualifier: text, basis: text } },
    evidence: any, standardsMet: any, website: text, illustrative: { type: 'boolean' }, createdBy: text, version: { type: 'integer' },
    createdAt: text, updatedAt: text
  }
}
const page = {
  type: 'object',
  properties: {
    data: { type: 'array', items: innovation },
    page: { type: 'object', properties: { limit: { type: 'integer' }, next: { type: ['string', 'null'] } } }
  }
}

const COLUMNS = `i.id, i.slug, i.reference, i.name, i.sort_name, i.summary, i.description, i.main_category, i.categories, i.areas, i.care_settings,
  i.shifts, i.priorities, i.evidence, i.standards_met, i.stage, i.eligible_value, i.eligible_qualifier, i.eligible_basis, i.website, i.illustrative,
  i.created_by, i.version, i.created_at, i.updated_at, o.code, o.name AS owner_name`
const FROM = 'FROM innovations i LEFT JOIN organisations o ON o.id = i.owner_id WHERE i.archived_at IS NULL'
const one = { name: 'one', text: `SELECT ${COLUMNS} ${FROM} AND i.slug = $1` }
const first = { name: 'first', text: `SELECT ${COLUMNS} ${FROM} ORDER BY i.sort_name, i.id LIMIT $1` }
const next = { name: 'next', text: `SELECT ${COLUMNS} ${FROM} AND (i.sort_name, i.id) > ($2, $3) ORDER BY i.sort_name, i.id LIMIT $1` }

const words = (column) => (column === '' ? [] : column.split(' '))
const answer = (row) => ({
  slug: row.slug, reference: row.reference, name: row.name, summary: row.summary, description: row.description ?? undefined,
  mainCategory: row.main_category, categories: words(row.categories), areas: words(row.areas), careSettings: words(row.care_settings),
  shifts: words(row.shifts), priorities: words(row.priorities), stage: row.stage, owner: row.code ?? undefined, ownerName: row.owner_name ?? undefined,
  eligiblePopulation: row.eligible_value === null ? undefined : { value: Number(row.eligible_value), qualifier: row.eligible_qualifier, basis: row.eligible_basis },
  evidence: JSON.parse(row.evidence), standardsMet: JSON.parse(row.standards_met), website: row.website ?? undefined, illustrative: row.illustrative,
  createdBy: row.created_by, version: row.version, createdAt: row.created_at.toISOString(), updatedAt: row.updated_at.toISOString()
})

async function serve() {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8 })
  const app = fastify({ logger: false })
  await app.register(jwt, { secret })
  app.addHook('onRequest', async (request, reply) => {
    await request.jwtVerify()
    if (!request.user.scopes.includes('read')) return reply.code(403).send()
  })
  app.get('/v1/innovations/:slug', { schema: { response: { 200: innovation } } }, async (request, reply) => {
    const found = await pool.query({ ...one, values: [request.params.slug] })
    if (found.rows.length === 0) return reply.code(404).send()
    reply.header('ETag', `"${found.rows[0].version}"`)
    return answer(found.rows[0])
  })
  const query = { type: 'object', properties: { limit: { type: 'integer', minimum: 1, maximum: 500, default: 50 }, cursor: text } }
  app.get('/v1/innovations', { schema: { querystring: query, response: { 200: page } } }, async (request) => {
    const { limit, cursor } = request.query
    const [name, id] = cursor ? JSON.parse(Buffer.from(cursor, 'base64url')) : []
    const asked = cursor ? { ...next, values: [limit + 1, name, Buffer.from(id, 'hex')] } : { ...first, values: [limit + 1] }
    const { rows } = await pool.query(asked)
    const last = rows.length > limit ? rows[limit - 1] : null
    const token = last && Buffer.from(JSON.stringify([last.sort_name, last.id.toString('hex')])).toString('base64url')
    return { data: rows.slice(0, limit).map(answer), page: { limit, next: token } }
  })
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
  return app
}

if (cluster.isPrimary) {
  const signer = fastify()
  await signer.register(jwt, { secret })
  let listening = 0
  cluster.on('listening', () => {
    listening += 1
    if (listening === processes) console.log(signer.jwt.sign({ sub: 'measurer', scopes: ['read'] }, { expiresIn: '2h' }))
  })
  for (let count = 0; count < processes; count += 1) cluster.fork()
} else {
  await serve()
}
