/*
 * Servers that requests are passed to, and zones that limit requests: their
 * tables, once there are any. What it uses of the page it is given.
 */

const gone = { unknown: 'removed', unavail: '✕ left alone' };
const failures = { connect: 'not connected', connect_timeout:
	'not connected in time', timeout: 'no answer in time',
closed: 'broke off', invalid: 'not understood', status: 'bad status' };

/** Make the tables. Returns { upstreams, zones }: show(snapshot, before) of
 * each returns how many rows there are. */
export function mountUpstreams({ bytes, classes, column, count, rate, seconds,
	shares, sum, Table, panels }) {
	const all = one => sum(Object.values(one));
	const named = (key, label) => ({ key, label, value: item => item[key],
		text: item => item[key] });
	const number = (key, label, text, title) =>
		column(key, label, item => item[key], text, title);
	/* What grows: its name, value(item) */
	const perSecond = (key, label, text = rate) =>
		number(key, label, text,
			'a second, of the last two seconds');

	/* How much a second a number of an item grew by. */
	function speed(now, then, passed) {
		return then !== undefined && passed > 0 && now >= then
			? (now - then) / passed : NaN;
	}

	function passedSeconds(snapshot, before) {
		return before ? (snapshot.taken_unix_ms -
			before.taken_unix_ms) / 1000 : NaN;
	}

	/* ---- servers ---- */

	function failed(cell, item) {
		cell.textContent = count(all(item.failures));
		cell.title = Object.entries(item.failures)
			.filter(([, n]) => n)
			.map(([why, n]) => `${failures[why]}: ${count(n)}`)
			.join(', ');
	}

	function peers(snapshot) {
		return snapshot.upstreams.flatMap(group => group.peers.map(
			peer => ({ group: group.name, peer })));
	}

	function peerItems(snapshot, before) {
		const passed = passedSeconds(snapshot, before);
		const old = new Map(before ? peers(before).map(one =>
			[`${one.group} ${one.peer.address}`, one.peer]) : []);

		return peers(snapshot).map(({ group, peer }) => {
			const was = old.get(`${group} ${peer.address}`);
			const time = peer.response, some = time.count > 0;

			return { ...peer, group, requests: all(peer.classes),
				state: gone[peer.state] ?? peer.state,
				rate: speed(all(peer.classes), was &&
					all(was.classes), passed),
				reading: speed(peer.bytes_in, was?.bytes_in,
					passed),
				p50: some ? time.p50 : NaN,
				p99: some ? time.p99 : NaN };
		});
	}

	function mountPeers() {
		return new Table(panels.upstreams, {
			caption: 'Servers that requests are passed to',
			rows: 300, empty: () => 'No server.',
			columns: [named('group', 'Upstream'),
				named('address', 'Server'),
				named('state', 'State'),
				perSecond('rate', 'Req/s'),
				number('requests', 'Requests', count,
					'since start'),
				shares,
				...classes.map(([key, label]) => column(key,
					label, item => item.classes[key],
					count, key === 'aborted'
						? 'without an answer'
						: undefined)),
				number('p50', 'p50', seconds, 'half answered ' +
					'within this time, since start'),
				number('p99', 'p99', seconds, '99 % answered ' +
					'within this time, since start'),
				number('active', 'Active', count,
					'requests it is being asked'),
				number('keepalive_idle', 'Idle', count,
					'connections that are kept'),
				{ key: 'failures', label: 'Failures',
					number: true, fill: failed,
					value: item => all(item.failures) },
				perSecond('reading', 'Reading',
					n => `${bytes(n)}/s`),
				number('bytes_in', 'Read', bytes),
				number('bytes_out', 'Sent', bytes),
			] });
	}

	/* ---- zones ---- */

	const results = { passed: 'Passed', delayed: 'Delayed',
		rejected: 'Rejected', dry: 'Dry run' };

	function zoneItem(zone) {
		return { ...zone, dry: zone.delayed_dry_run +
			zone.rejected_dry_run };
	}

	function zoneItems(snapshot, before) {
		const passed = passedSeconds(snapshot, before);

		return snapshot.limits.map(zoneItem).map(zone => {
			const was = before?.limits.find(one =>
				one.name === zone.name);
			const old = was ? zoneItem(was) : {};

			for (const key in results)
				zone[`${key}_rate`] = speed(zone[key], old[key],
					passed);
			return zone;
		});
	}

	function mountZones() {
		return new Table(panels.limits, {
			caption: 'Zones that limit requests', rows: 100,
			empty: () => 'No zone.',
			columns: [named('name', 'Zone'),
				...Object.entries(results).flatMap(([key,
					label]) => [
					perSecond(`${key}_rate`, `${label}/s`),
					number(key, label, count,
						key === 'dry' ? 'would have ' +
						'been delayed or rejected'
							: 'since start')])] });
	}

	const tables = {};

	return {
		upstreams(snapshot, before) {
			tables.peers ??= mountPeers();
			return tables.peers.update(peerItems(snapshot, before));
		},
		limits(snapshot, before) {
			tables.zones ??= mountZones();
			return tables.zones.update(zoneItems(snapshot, before));
		},
	};
}
