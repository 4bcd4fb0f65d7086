/*
 * Limits: how full what can be full is, and what was lost at it; and the
 * zones that limit requests, once there are any.
 */

import { bytes, column, count, meter, meterFill, NONE, rate, speed, sum, Table }
	from '../app.js';

const MINUTE_MS = 60000;
const drops = [];	/* [ms, counts], one a snapshot for a minute */

/* What was lost, since start. */
function lost(snapshot) {
	const rings = snapshot.workers.map(worker => worker.ring);

	return { connections: snapshot.connections.dropped,
		accepts: snapshot.connections.accept_errors,
		pool: snapshot.pool.rejected, shm: snapshot.shm.drops,
		logs: snapshot.logs.access_dropped,
		buffers: sum(rings.map(ring => ring.buffers_exhausted)),
		overflow: sum(rings.map(ring => ring.cq_overflows)) };
}

/* What was lost within a minute, as far back as is known. */
function recentDrops(ms, now) {
	if (drops.length && (drops.at(-1)[0] > ms ||
		drops.at(-1)[1].connections > now.connections))
		drops.length = 0;
	drops.push([ms, now]);
	while (drops[0][0] < ms - MINUTE_MS)
		drops.shift();
	return key => now[key] - drops[0][1][key];
}

function limitItems(snapshot) {
	const { connections, shm, pool, workers, sessions } = snapshot;
	const total = lost(snapshot);
	const recent = recentDrops(snapshot.taken_unix_ms, total);
	const item = (name, used, of, form, key, words) => ({ name, used, of,
		form, words, ratio: of ? used / of : NaN,
		total: key ? total[key] : NaN, recent: key ? recent(key)
			: NaN });
	const rings = workers.map(worker => worker.ring);

	return [
		item('Client connections', snapshot.active_clients,
			connections.limit, count, 'connections', 'dropped'),
		...workers.map(worker => item(
			`File descriptors, w${worker.index}`, worker.open_fds,
			worker.max_fds, count)),
		item('Failed accepts', NaN, 0, count, 'accepts', 'failed'),
		item('Receive buffers in use', sum(rings.map(ring =>
			ring.buffers_total - ring.buffers_free)),
		sum(rings.map(ring => ring.buffers_total)), count, 'buffers',
		'waited'),
		item('Completion queues', sum(rings.map(ring =>
			ring.cq_backlog)), 0, count, 'overflow', 'overflows'),
		item('Pool threads', pool.busy, pool.threads, count),
		item('Pool queue', pool.queued, pool.queue_limit ?? 0, count,
			'pool', 'refused'),
		item('Shared memory', shm.used_bytes, shm.size_bytes, bytes,
			'shm', 'not counted'),
		...shm.tables.map(one => item(`… its ${one.table}`, one.used,
			one.limit, count)),
		item(sessions.exact === false ? 'Sessions, estimated'
			: 'Sessions', sessions.live, sessions.limit ?? 0,
		count),
		item('Access log', NaN, 0, count, 'logs', 'lines lost'),
	];
}

function limitTable(panel) {
	return new Table(panel, {
		caption: 'Limits and what was lost at them', rows: 100,
		empty: () => 'No limit.',
		columns: [
			{ key: 'name', label: 'Limit', value: item => item.name,
				text: item => item.name },
			{ key: 'used', label: 'Used', number: true,
				value: item => item.used,
				text: item => item.form(item.used) },
			{ key: 'of', label: 'Of', number: true,
				value: item => item.of || NaN,
				text: item => item.of ? item.form(item.of)
					: NONE },
			{ key: 'full', label: 'How full', number: true,
				value: item => item.ratio, init: meter,
				fill: (cell, item) => meterFill(cell,
					item.ratio) },
			{ key: 'words', label: 'Beyond it',
				value: item => item.words ?? '',
				text: item => item.words ?? '' },
			{ key: 'recent', label: 'Last minute', number: true,
				title: 'within a minute, while this was shown',
				value: item => item.recent,
				text: item => count(item.recent) },
			{ key: 'lost', label: 'Since start', number: true,
				value: item => item.total,
				text: item => count(item.total) },
		] });
}

/* ---- zones ---- */

const results = { passed: 'Passed', delayed: 'Delayed',
	rejected: 'Rejected', dry: 'Dry run' };

function zoneItem(zone) {
	return { ...zone, dry: zone.delayed_dry_run +
		zone.rejected_dry_run };
}

function zoneItems({ limits }, before, passed) {
	return limits.map(zoneItem).map(zone => {
		const was = before?.limits.find(one =>
			one.name === zone.name);
		const old = was ? zoneItem(was) : {};

		for (const key in results)
			zone[`${key}_rate`] = speed(zone[key], old[key],
				passed);
		return zone;
	});
}

function zoneTable(panel) {
	const resultColumns = ([key, label]) => [
		column(`${key}_rate`, `${label}/s`,
			zone => zone[`${key}_rate`], rate,
			'a second, of the last two seconds'),
		column(key, label, zone => zone[key], count, key === 'dry'
			? 'would have been delayed or rejected'
			: 'since start')];

	return new Table(panel, {
		caption: 'Zones that limit requests', rows: 100,
		empty: () => 'No zone.',
		columns: [{ key: 'name', label: 'Zone',
			value: zone => zone.name, text: zone => zone.name },
		...Object.entries(results).flatMap(resultColumns),
		{ key: 'memory', label: 'Memory', number: true, init: meter,
			title: 'in use for keys',
			value: zone => zone.used_bytes / zone.size_bytes,
			fill: (cell, zone) => meterFill(cell, zone.used_bytes /
				zone.size_bytes) },
		column('peak', 'At most', zone => zone.peak_bytes, bytes,
			'memory that was in use at once'),
		column('full', 'Full', zone => zone.full, count,
			'times there was no room for another key')] });
}

export function mount(panel) {
	const table = limitTable(panel);
	let zones = null;

	return (snapshot, before, passed) => {
		const items = limitItems(snapshot);

		if (snapshot.limits.length) {
			zones ??= zoneTable(panel);
			zones.update(zoneItems(snapshot, before, passed));
		}
		return `showing ${table.update(items)} of ${items.length}`;
	};
}
