/*
 * The most frequent values of the keys that "metrics_top" names: each list
 * with its keys below it. They are added up only for those who look.
 */

import { bytes, column, count, get, seconds, Table, utc }
	from '../app.js';

const KEYS = 20;

const keyItem = (one, name) => ({ name, requests: one.requests,
	over: one.over, mean: one.requests > 0 ? one.average_response_time
		: NaN, errors: one.server_errors, sent: one.bytes_sent });

function listItem(top) {
	return { list: true, name: `${top.name}: ${top.key}`,
		requests: top.requests, over: 0,
		mean: top.duration_seconds / top.requests,
		errors: top.server_errors, sent: top.bytes_sent,
		title: `since ${utc(top.since_unix_ms)}`,
		keys: [...top.keys.map(one => keyItem(one, one.key +
			(one.cut ? '…' : ''))),
		keyItem(top.other, '(other)')] };
}

const number = (key, label, text, title) =>
	column(key, label, item => item[key], text, title);

export function mount(panel) {
	const table = new Table(panel, {
		caption: 'The most frequent keys', rows: 200,
		empty: () => 'No list: "metrics_top NAME KEY;" in the http ' +
			'block makes one.',
		children: item => item.keys ?? [],
		name: item => item.list ? 'outer' : 'inner',
		columns: [{ key: 'name', label: 'List, key',
			value: item => item.name,
			fill(cell, item) {
				cell.textContent = item.name;
				cell.title = item.title ?? item.name;
			} },
		number('requests', 'Requests', count, 'at most so many'),
		number('over', 'Of others', count,
			'so many of them may have been of other keys'),
		number('mean', 'Mean', seconds, 'of those of this key'),
		number('errors', '5xx', count, 'of those of this key'),
		number('sent', 'Sent', bytes, 'to those of this key')] });
	let shown = 0;

	async function ask() {
		const { tops } = await get(`/api/v1/tops?n=${KEYS}`);

		shown = table.update(tops.map(listItem));
	}
	return () => {
		ask().catch(() => {});	/* the next time, then */
		return `showing ${shown}`;
	};
}
