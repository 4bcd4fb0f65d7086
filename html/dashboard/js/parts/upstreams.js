/*
 * Servers that requests are passed to, once there are any.
 */

import { bytes, column, count, rate, seconds, speed, sum, Table }
	from '../app.js';
import { classes, shares } from './servers.js';

const gone = { unknown: 'removed', unavail: '✕ left alone' };
const failures = { connect: 'not connected', connect_timeout:
	'not connected in time', timeout: 'no answer in time',
closed: 'broke off', invalid: 'not understood', status: 'bad status' };

const all = one => sum(Object.values(one));
const named = (key, label) => ({ key, label, value: item => item[key],
	text: item => item[key] });
const number = (key, label, text, title) =>
	column(key, label, item => item[key], text, title);
const perSecond = (key, label, text) =>
	number(key, label, text, 'a second, of the last two seconds');

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

function peerItems(snapshot, before, passed) {
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

export function mount(panel) {
	const table = new Table(panel, {
		caption: 'Servers that requests are passed to',
		rows: 300, empty: () => 'No server.',
		columns: [named('group', 'Upstream'),
			named('address', 'Server'),
			named('state', 'State'),
			perSecond('rate', 'Req/s', rate),
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

	return (...snapshots) =>
		`showing ${table.update(peerItems(...snapshots))}`;
}
