// Returns data by hand, through the public API alone. The token is kept in this page and nowhere else.
'use strict'

const at = id => document.getElementById(id)
const OURS = ['outcome', 'problem', 'expected']
const MOST_SHOWN = 200

/** The table as it was last answered: its columns, its rows, and what separates its cells. */
let table = null
/** Names one sending, so that a second click sends nothing twice. */
let sending = null

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

const say = (id, text, kind = 'good') => at(id).replaceChildren(element('p', { className: kind, textContent: text }))

const call = (target, options = {}) => fetch(target, {
  ...options,
  headers: { Authorization: `Bearer ${at('token').value.trim()}`, ...options.headers },
})

const inWords = async answer => {
  const text = await answer.text()
  try {
    const problem = JSON.parse(text)
    const faults = (problem.errors ?? []).map(fault => `${fault.pointer}: ${fault.detail}`)
    return [problem.detail ?? problem.title, ...faults].filter((line, index, all) => line && all.indexOf(line) === index).join(' ')
  } catch {
    return `The register answered ${answer.status}.`
  }
}

/** Does what an event asks for with its button disabled, and tells what went wrong. */
const doing = (id, work) => async event => {
  event.preventDefault()
  const button = event.submitter ?? event.currentTarget
  button.disabled = true
  try {
    await work()
  } catch (error) {
    say(id, `The register cannot be reached: ${error.message}`, 'problem')
  } finally {
    button.disabled = false
    // A disabled button loses the focus; unless something else took it, it gets it back.
    if (document.activeElement === document.body) button.focus()
  }
}

/** Every page of a list. */
const listed = async target => {
  const found = []
  for (let next = ''; next !== null;) {
    const answer = await call(next ? `${target}&cursor=${encodeURIComponent(next)}` : target)
    if (!answer.ok) throw new Error(await inWords(answer))
    const { data, page } = await answer.json()
    found.push(...data)
    next = page.next
  }
  return found
}

const choose = (id, records, first) => at(id).replaceChildren(
  ...first, ...records.map(({ code, name }) => element('option', { value: code, textContent: `${name} (${code})` })))

const signIn = doing('sign-in-status', async () => {
  const me = await call('/v1/me')
  if (!me.ok) return say('sign-in-status', await inWords(me), 'problem')
  const { operations } = await me.json()
  if (!operations.includes('submit_kpi_values')) return say('sign-in-status', 'This token may not send data. Ask for one with the role submitter.', 'problem')
  const [sets, kpis] = await Promise.all([listed('/v1/kpi-sets?limit=500'), listed('/v1/kpis?status=live&limit=500')])
  choose('set', sets, [])
  choose('kpi', kpis, [element('option', { value: '', textContent: 'several, named in the column kpi' })])
  say('sign-in-status', `${sets.length} sets and ${kpis.length} KPIs can be chosen below.`)
})

const form = () => document.querySelector('input[name=form]:checked').value

const formChanged = () => {
  at('set-choice').hidden = form() !== 'set'
  at('template').hidden = form() !== 'set'
  at('workbook').hidden = form() !== 'set'
  at('kpi-choice').hidden = form() !== 'kpi'
}

const download = extension => doing('template-status', async () => {
  const code = at(form()).value
  if (!code) return say('template-status', 'Choose a set or a KPI first.', 'problem')
  const query = new URLSearchParams(['organisation', 'period'].map(name => [name, at(name).value.trim()]).filter(([, value]) => value))
  const target = form() === 'set' ? `/v1/kpi-sets/${code}/template.${extension}?${query}` : `/v1/kpis/${code}/template.csv`
  const answer = await call(target)
  if (!answer.ok) return say('template-status', await inWords(answer), 'problem')
  const link = element('a', { href: URL.createObjectURL(await answer.blob()), download: `${code}.${extension}` })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
  say('template-status', `${code}.${extension} was downloaded.`)
})

/** The rows of a CSV that the register wrote, cell by cell. */
const parse = text => {
  const separator = /outcome"?([,;\t])"?problem/.exec(text)?.[1] ?? ','
  const rows = [[]]
  let cell = ''
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const letter = text[index]
    if (quoted) {
      if (letter !== '"') cell += letter
      else if (text[index + 1] === '"') cell += text[++index]
      else quoted = false
    } else if (letter === '"' && cell === '') quoted = true
    else if (letter === separator || letter === '\n') {
      rows.at(-1).push(cell)
      cell = ''
      if (letter === '\n') rows.push([])
    } else if (letter !== '\r') cell += letter
  }
  if (cell !== '' || rows.at(-1).length) rows.at(-1).push(cell)
  return { columns: rows[0], rows: rows.slice(1).filter(row => row.length), separator }
}

const written = () => [table.columns, ...table.rows]
  .map(row => row.map(cell => /[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell).join(table.separator))
  .join('\n')

const target = dryRun => {
  const query = new URLSearchParams({ dryRun: String(dryRun) })
  if (at(form()).value) query.set(form(), at(form()).value)
  return `/v1/kpi-submissions?${query}`
}

const post = (body, media, accept, dryRun, key) => call(target(dryRun), {
  method: 'POST', body, headers: { 'Content-Type': media, Accept: accept, ...key && { 'Idempotency-Key': key } },
})

const told = (row, name) => row[table.columns.indexOf(name)] ?? ''
const isFaulty = row => told(row, 'problem') !== ''

/** Whether a problem names a column: its own name, or that of the KPI that it is part of. */
const isWrong = (row, column) => {
  const named = told(row, 'problem').split('; ').map(problem => problem.split(': ')[0].toLowerCase())
  const own = column.trim().toLowerCase()
  return told(row, 'outcome').includes('rejected') && (named.includes(own) || named.includes(own.split('.')[0]))
}

/** The columns in which it can be said why doubtful values are right, of those that are not there. */
const missingReasons = () => {
  const doubts = table.rows.filter(row => !told(row, 'outcome').includes('rejected'))
    .flatMap(row => told(row, 'problem').split('; ')).filter(problem => problem && !problem.endsWith('outside-life'))
  const names = doubts.map(problem => form() === 'set' ? `${problem.split(': ')[0]}.justification` : 'justification')
  return [...new Set(names)].filter(name => !table.columns.includes(name))
}

const justify = () => {
  const missing = missingReasons()
  const place = table.columns.indexOf('outcome')
  for (const row of [table.columns, ...table.rows]) row.splice(place, 0, ...row === table.columns ? missing : missing.map(() => ''))
  show()
  document.querySelector(`#faults input[aria-label^="${missing[0]},"]`).focus()
}

const field = (row, line, column) => {
  const input = element('input', { value: row[column] ?? '' })
  input.setAttribute('aria-label', `${table.columns[column]}, row ${line + 1}`)
  input.setAttribute('aria-describedby', `told-${line}`)
  if (isWrong(row, table.columns[column])) input.setAttribute('aria-invalid', 'true')
  input.addEventListener('input', () => { row[column] = input.value })
  return input
}

/** How many rows have each outcome; one of several KPIs may have several. */
const counted = () => {
  const outcomes = new Map()
  for (const row of table.rows) {
    const outcome = told(row, 'outcome').includes(': ') ? 'with several outcomes' : told(row, 'outcome') || 'empty'
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  return [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
}

const tabled = (caption, heads, rows) => element('div', { className: 'wide', tabIndex: 0, role: 'region', ariaLabel: caption },
  element('table', {}, element('caption', { textContent: caption }),
    element('thead', {}, element('tr', {}, ...heads.map(head => element('th', { scope: 'col', textContent: head })))),
    element('tbody', {}, ...rows)))

const show = () => {
  const theirs = table.columns.map((name, column) => ({ name, column })).filter(({ name }) => !OURS.includes(name))
  const isRejected = row => told(row, 'outcome').includes('rejected')
  const rejected = table.rows.filter(isRejected).length
  const faulty = table.rows.filter(isFaulty).length
  say('status', rejected
    ? `${table.rows.length} rows: ${counted()}. Mend ${rejected === 1 ? 'the row' : `the ${rejected} rows`} below and check again, or bring a mended file.`
    : `${table.rows.length} rows: ${counted()}. ${faulty ? 'Take a second look at those below, then send.' : 'Nothing is wrong. Send it.'}`,
  rejected ? 'problem' : 'good')
  at('send').disabled = rejected > 0
  at('actions').hidden = false
  at('justify').hidden = missingReasons().length === 0
  const worry = row => isRejected(row) ? 0 : isFaulty(row) ? 1 : 2
  const ordered = table.rows.map((row, line) => ({ row, line })).sort((one, other) => worry(one.row) - worry(other.row))
  const shown = ordered.slice(0, MOST_SHOWN)
  // What is wrong stands before the cells, of which there may be more than fit.
  const line = ({ row, line }) => element('tr', {},
    element('th', { scope: 'row', textContent: line + 1 }),
    element('td', { textContent: told(row, 'outcome').replaceAll('; ', ';\n'), className: 'outcome' }),
    element('td', { className: 'told', id: `told-${line}`, textContent: told(row, 'expected') || told(row, 'problem') }),
    ...theirs.map(({ column }) => element('td', {}, isFaulty(row) ? field(row, line, column) : row[column] ?? '')))
  const which = shown.length < table.rows.length ? `${shown.length} of ${table.rows.length} rows` : 'each row'
  const caption = `What would become of ${which}${faulty ? ', those to mend or look at first' : ''}`
  const heads = ['Row', 'Outcome', 'What to mend or look at', ...theirs.map(({ name }) => name)]
  at('faults').replaceChildren(...shown.length ? [tabled(caption, heads, shown.map(line))] : [])
}

const STATES = {
  received: 'received: some of what is asked is missing',
  submitted: 'submitted: all that is asked has come',
}

const day = instant => instant ? new Date(instant).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'Europe/London' }) : 'no limit'

/** How far the returns have come that a submission fed. */
const showReturns = async submission => {
  const answer = await call(`/v1/kpi-returns?submission=${submission}&limit=${MOST_SHOWN}`)
  if (!answer.ok) return
  const { data } = await answer.json()
  if (!data.length) return
  const cells = fed => [fed.organisationName, fed.period, STATES[fed.state] ?? fed.state,
    fed.approvalRequired ? 'Its values count once somebody else has approved it.' : 'Its values count.', day(fed.onTimeUntil), day(fed.locksAt)]
  const row = fed => element('tr', {}, ...cells(fed).map((text, index) =>
    element(index ? 'td' : 'th', { textContent: text, ...index ? {} : { scope: 'row' } })))
  const heads = ['Organisation', 'Period', 'State', 'Approval', 'On time until', 'Locked from']
  at('faults').replaceChildren(tabled('How far your returns have come', heads, data.map(row)))
}

const refused = async answer => {
  at('actions').hidden = true
  at('faults').replaceChildren()
  if (!answer.headers.get('content-type').startsWith('text/csv')) return say('status', await inWords(answer), 'problem')
  const { rows } = parse((await answer.text()).replace(/^\ufeff/, ''))
  say('status', `The table cannot be read. ${rows.map(([line, , detail]) => `Line ${line}: ${detail}`).join(' ')}`, 'problem')
}

const check = async (body, media) => {
  const answer = await post(body, media, 'text/csv', true)
  sending = null
  if (answer.ok) {
    table = parse((await answer.text()).replace(/^\ufeff/, ''))
    show()
  } else await refused(answer)
  at('result').focus()
}

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

at('sign-in').addEventListener('submit', signIn)
document.querySelectorAll('input[name=form]').forEach(radio => radio.addEventListener('change', formChanged))
at('workbook').addEventListener('click', download('xlsx'))
at('csv').addEventListener('click', download('csv'))
at('check').addEventListener('submit', doing('status', async () => {
  const file = at('file').files[0]
  if (file) await check(file, file.name.toLowerCase().endsWith('.xlsx') ? XLSX : 'text/csv')
  else if (at('pasted').value.trim()) await check(at('pasted').value, 'text/csv')
  else say('status', 'Choose a file or paste a table first.', 'problem')
}))
at('justify').addEventListener('click', justify)
at('again').addEventListener('click', doing('status', () => check(written(), 'text/csv')))
at('send').addEventListener('click', doing('status', async () => {
  sending ??= crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`
  const answer = await post(written(), 'text/csv', 'application/json', false, sending)
  if (!answer.ok) return refused(answer)
  const { id, counts } = await answer.json()
  at('actions').hidden = true
  at('faults').replaceChildren()
  const words = ['created', 'updated', 'unchanged', 'deleted'].map(word => `${counts[word]} ${word}`).join(', ')
  say('status', `Sent. ${counts.received} values: ${words}. The submission is ${id}.`)
  await showReturns(id)
  at('result').focus()
}))
// A file that is chosen takes the place of what was pasted, and the other way round.
at('file').addEventListener('change', () => { if (at('file').files.length) at('pasted').value = '' })
at('pasted').addEventListener('input', () => { if (at('pasted').value) at('file').value = '' })
formChanged()
