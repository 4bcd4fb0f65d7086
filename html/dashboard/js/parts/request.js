/*
 * One request: what is known of it, and its stages as a bar.
 */

import { bytes, chip, clockMs, get, make, makeDialog, percent, seconds, utc }
	from '../app.js';

const stages = { header: 'Reading the header', parse: 'Parsing',
	pool_wait: 'Waiting for a thread', handler: 'Handling',
	upstream: 'Waiting for a server', send: 'Sending' };

function bar(list) {
	const total = list.reduce((sum, stage) => sum + stage.seconds, 0);
	const parts = make('div', { className: 'stages', role: 'img',
		'aria-label': 'Share of each stage, as in the list' });
	const rows = list.map(({ stage, seconds: time }) => {
		const part = make('span', { className: `stage-${stage}` });

		part.style.setProperty('flex-grow', time);
		parts.append(part);
		return make('tr', {}, make('th', { scope: 'row' },
			make('i', { className: `stage-${stage}`,
				'aria-hidden': 'true' }),
			stages[stage] ?? stage),
		make('td', { className: 'number', textContent: seconds(time) }),
		make('td', { className: 'number', textContent: total > 0
			? percent(time / total) : '' }));
	});

	return [parts, make('table', {}, make('tbody', {}, ...rows))];
}

function where(list) {
	return list?.length ? bar(list) : [make('p', { className: 'empty',
		textContent: 'Stages are measured on a sample of the ' +
			'requests, and this one is not in it.' })];
}

function fact(name, value) {
	return make('div', {}, make('dt', { textContent: name }),
		make('dd', {}, value));
}

function facts(r) {
	return make('dl', { className: 'facts' },
		fact('Ended', make('time', { dateTime: utc(r.ms),
			title: utc(r.ms), textContent: clockMs(r.ms) })),
		fact('Status', chip(r.status)),
		fact('Took', seconds(r.seconds)),
		fact('Sent', bytes(r.bytes)),
		fact('Client', r.client),
		fact('Worker', String(r.worker)),
		fact('Cache', r.cache),
		fact('Server', r.server || '–'),
		fact('Protocol', r.protocol || '–'),
		...r.upstream ? [fact('Passed to', r.upstream)] : [],
		fact('Id', make('code', { textContent: r.id || '–' })));
}

/* Frames do not carry stages: the server is asked for them. */
async function find(r, kind) {
	const query = new URLSearchParams({ kind, n: 1000, path: r.path,
		client: r.client });
	const { requests } = await get(`/api/v1/requests?${query}`);

	return requests.find(one => one.request_id === r.id);
}

const body = make('div', { id: 'request-body' });
const dialog = makeDialog('request', 'Request', body);

/** Open the dialog. kind: of the list it is in; read(object): as a row. */
export async function show(r, kind, read) {
	const fill = (one, below) => body.replaceChildren(
		make('p', { className: 'what' }, make('code', {
			textContent: `${one.method} ${one.path}` })),
		facts(one), make('h3', { textContent: 'Where the time went' }),
		...below);

	fill(r, r.stages ? where(r.stages) : ['loading …']);
	dialog.showModal();
	if (r.stages)
		return;
	try {
		const found = await find(r, kind);

		fill(found ? read(found) : r, where(found?.stages));
	} catch (error) {
		fill(r, [make('p', { className: 'error',
			textContent: error.message })]);
	}
}
