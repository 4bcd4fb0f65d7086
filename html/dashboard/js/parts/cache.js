/*
 * The caches, and the button that flushes them.
 */

import { $, announce, bytes, column, confirmed, count, meter, meterFill,
	percent, post, seconds, setNote, sum, Table } from '../app.js';

/* A share of the response times of those that were answered from it or not. */
function times(key, label, name, share) {
	return column(key, label, item => item[name].count ? item[name][share]
		: NaN, seconds, 'response time, since start');
}

function makeTable(panel) {
	return new Table(panel, {
		caption: 'Caches', empty: () => 'No cache.',
		columns: [
			{ key: 'name', label: 'Cache', value: item => item.name,
				text: item => item.name },
			{ key: 'enabled', label: 'State',
				value: item => String(item.enabled),
				text: item => item.enabled ? 'on' : 'off' },
			column('ratio', 'Hits of lookups', item =>
				item.hits / (item.hits + item.misses), percent,
				'since start'),
			column('hits', 'Hits', item => item.hits, count),
			column('misses', 'Misses', item => item.misses, count),
			column('bypassed', 'Bypassed', item => item.bypassed,
				count, 'switched off, or cannot be cached'),
			times('hit50', 'Hit p50', 'hit_duration', 'p50'),
			times('hit99', 'Hit p99', 'hit_duration', 'p99'),
			times('miss50', 'Miss p50', 'miss_duration', 'p50'),
			times('miss99', 'Miss p99', 'miss_duration', 'p99'),
			column('entries', 'Entries', item => item.entries,
				count),
			column('size', 'Size', item => item.size_bytes, bytes),
			{ key: 'full', label: 'How full', number: true,
				value: item => item.size_bytes /
					item.max_size_bytes,
				init: meter, fill: (cell, item) =>
					meterFill(cell, item.size_bytes /
						item.max_size_bytes,
					item.max_size_bytes ? undefined
						: 'no limit') },
			column('space', 'Evicted', item =>
				item.evicted_for_space, count,
			'dropped to make room'),
			column('changed', 'Changed', item =>
				item.evicted_as_changed, count,
			'dropped because the file changed'),
		] });
}

async function flush(entries, again) {
	if (!await confirmed('Flush the cache?', `${count(entries)} entries ` +
		'are dropped and read again from disk when they are asked ' +
		'for.', 'Flush'))
		return;
	try {
		await post('/api/v1/cache/flush');
		announce('The cache was flushed.');
		again();
	} catch (error) {
		setNote(`The cache was not flushed. ${error.message}`);
	}
}

export function mount(panel, on) {
	const table = makeTable(panel);
	let entries = 0;

	$('cache-flush').addEventListener('click',
		() => flush(entries, on.again));
	return ({ caches }) => {
		entries = sum(caches.map(one => one.entries));
		return `showing ${table.update(caches)} of ${caches.length}`;
	};
}
