/*
 * The servers and their locations, and all status codes there were.
 */

import { bytes, column, count, make, NONE, percent, rate, seconds, speed, sum,
	Table } from '../app.js';

/** The classes of responses: key, label, class of the style. */
export const classes = [['c2xx', '2xx', 'c2'], ['c3xx', '3xx', 'c3'],
	['c4xx', '4xx', 'c4'], ['c5xx', '5xx', 'c5'],
	['aborted', '✕', 'c0']];

function bar(cell) {
	cell.append(make('div', { className: 'shares', 'aria-hidden': 'true' },
		...classes.map(([, , name]) =>
			make('span', { className: name }))));
}

function barFill(cell, item) {
	classes.forEach(([key], i) => cell.firstChild.children[i].style
		.setProperty('flex-grow', item.classes[key]));
}

/** How much of each class there was, as a bar. */
export const shares = { key: 'shares', label: 'Responses', init: bar,
	title: 'share of each class, since start',
	value: item => item.classes.c5xx / (item.requests || 1),
	fill: barFill };

function serverItems({ servers }, before, passed) {
	const item = (one, name, old, depth) => {
		const requests = sum(Object.values(one.classes));

		return { name, depth, classes: one.classes, requests,
			rate: speed(requests, old ?
				sum(Object.values(old.classes)) : NaN, passed),
			sending: speed(one.bytes_out, old?.bytes_out, passed),
			p50: one.duration.count ? one.duration.p50 : NaN,
			p99: one.duration.count ? one.duration.p99 : NaN,
			sent: one.bytes_out };
	};

	return servers.map((server, i) => {
		const old = before?.servers[i]?.name === server.name
			? before.servers[i] : null;

		return { ...item(server, server.name, old, 0),
			locations: server.locations.map((one, j) => {
				const was = old?.locations[j];

				return item(one, one.pattern,
					was?.pattern === one.pattern
						? was : null, 1);
			}) };
	});
}

function makeTable(panel) {
	return new Table(panel, {
		caption: 'Servers and their locations', rows: 200,
		empty: () => 'No server.',
		children: item => item.locations ?? [],
		name: item => item.depth ? 'inner' : 'outer',
		columns: [
			{ key: 'name', label: 'Server, location',
				value: item => item.name,
				text: item => item.name },
			column('rate', 'Req/s', item => item.rate, rate,
				'requests a second, of the last two seconds'),
			column('requests', 'Requests', item => item.requests,
				count, 'since start'),
			shares,
			...classes.map(([key, label]) => column(key, label,
				item => item.classes[key], count,
				key === 'aborted' ? 'aborted' : undefined)),
			column('p50', 'p50', item => item.p50, seconds,
				'half took at most this long, since start'),
			column('p99', 'p99', item => item.p99, seconds,
				'99 % took at most this long, since start'),
			column('sending', 'Sending', item => item.sending,
				n => Number.isFinite(n) ? `${bytes(n)}/s`
					: NONE),
			column('sent', 'Sent', item => item.sent, bytes),
		] });
}

/* ---- status codes ---- */

function codeItems({ http }, before, passed) {
	const all = sum(http.codes.map(one => one.count));

	return http.codes.map(({ code, count: requests }) => ({
		code, requests, share: requests / all,
		rate: speed(requests, before ? before.http.codes.find(one =>
			one.code === code)?.count ?? 0 : NaN, passed) }));
}

function codeTable(panel) {
	return new Table(panel, {
		caption: 'Status codes', rows: 100, empty: () => 'No request.',
		columns: [
			{ key: 'code', label: 'Status', value: item =>
				item.code, text: item => String(item.code || 'other') },
			column('code_rate', 'Req/s', item => item.rate, rate,
				'requests a second, of the last two seconds'),
			column('code_requests', 'Requests', item =>
				item.requests, count, 'since start'),
			column('code_share', 'Share', item => item.share,
				percent, 'of all requests, since start'),
		] });
}

export function mount(panel) {
	const table = makeTable(panel), codes = codeTable(panel);

	return (...snapshots) => {
		const items = serverItems(...snapshots);
		const all = items.length +
			sum(items.map(item => item.locations.length));

		codes.update(codeItems(...snapshots));
		return `showing ${table.update(items)} of ${all}`;
	};
}
