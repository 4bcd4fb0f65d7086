/*
 * The frames, one a second. Server-sent events first; after two failures
 * that are not the server's absence a WebSocket; then polling. One tab of a
 * browser holds the stream and hands the frames to the others; where Web
 * Locks or BroadcastChannel are missing each tab has its own.
 *
 * state: 'connecting', 'open', 'lost' (nothing for three seconds), 'denied'
 * (401).
 */

const SILENCE_MS = 3000, ORPHAN_MS = 25000;
const RETRY_MS = 1000, RETRY_MAX_MS = 10000;
const POLL_MS = 1000, POLLS = 60;	/* then the stream is tried again */
const NAME = 'ringmaster-frames';

async function fetchFrame() {
	const answer = await fetch('/api/v1/frame', { cache: 'no-store',
		credentials: 'same-origin',
		signal: AbortSignal.timeout(SILENCE_MS) });

	if (!answer.ok)
		throw Object.assign(new Error('no frame'),
			{ status: answer.status });
	return answer.text();
}

/* One connection, kept up. text(line) gets each frame; state(name). */
class Feed {
	#text;
	#state;
	#ways = ['sse', 'sse', 'ws', 'ws', 'poll'];
	#failures = 0;
	#delay = RETRY_MS;
	#timer = 0;
	#got = false;
	#close = () => {};

	constructor(text, state) {
		this.#text = text;
		this.#state = state;
		this.#open();
		addEventListener('online', () => this.#soon());
		document.addEventListener('visibilitychange',
			() => !document.hidden && this.#soon());
	}

	/* A retry that waits need not when things have changed. */
	#soon() {
		if (!this.#timer)
			return;
		clearTimeout(this.#timer);
		this.#open();
	}

	#open() {
		this.#timer = 0;
		this.#got = false;
		const way = this.#ways[this.#failures];

		if (way === 'sse')
			this.#openEvents();
		else if (way === 'ws')
			this.#openSocket();
		else
			this.#poll(0);
	}

	#take(line) {
		this.#got = true;
		this.#delay = RETRY_MS;
		if (this.#failures < this.#ways.length - 1)
			this.#failures -= this.#failures % 2;
		this.#text(line);
	}

	/* Gives up a connection that does not answer, once. */
	#guard(close) {
		let timer = 0, over = false;
		const end = () => {
			if (over)
				return;
			over = true;
			clearTimeout(timer);
			close();
			this.#ended();
		};
		const alive = () => {
			clearTimeout(timer);
			timer = setTimeout(end, 2 * SILENCE_MS);
		};

		alive();
		return { end, alive };
	}

	#openEvents() {
		const source = new EventSource('/api/v1/stream');
		const guard = this.#guard(() => source.close());

		source.onmessage = event => {
			guard.alive();
			this.#take(event.data);
		};
		source.onerror = guard.end;
	}

	#openSocket() {
		const url = new URL('/api/v1/ws', location.href);

		url.protocol = url.protocol.replace('http', 'ws');
		const socket = new WebSocket(url);
		const guard = this.#guard(() => socket.close());

		socket.onmessage = event => {
			guard.alive();
			this.#take(event.data);
		};
		socket.onclose = guard.end;
	}

	async #poll(polls) {
		this.#timer = 0;
		try {
			this.#take(await fetchFrame());
		} catch (error) {
			this.#failed(error);
			return;
		}
		if (polls >= POLLS) {
			this.#failures = 0;
			this.#open();
			return;
		}
		this.#timer = setTimeout(() => this.#poll(polls + 1), POLL_MS);
	}

	/* Whose fault was it? A server that answers but does not stream is
	 * asked in another way, one that is away in the same. */
	async #ended() {
		if (this.#got) {
			this.#retry();
			return;
		}
		try {
			await fetchFrame();
		} catch (error) {
			this.#failed(error);
			return;
		}
		this.#failures++;
		this.#open();
	}

	#failed(error) {
		if (error.status === 401)
			this.#state('denied');
		else if (error.status !== 503)
			this.#failures = 0;
		this.#retry();
	}

	#retry() {
		this.#state('trying');
		this.#timer = setTimeout(() => this.#open(), this.#delay);
		this.#delay = Math.min(2 * this.#delay, RETRY_MAX_MS);
	}
}

/**
 * Start. on.frame(object) is called for each frame, on.state(name, since)
 * when the state changes, since being the last frame's time in ms or null,
 * and on.gap() when frames were missed.
 */
export function startStream(on) {
	const channel = typeof BroadcastChannel === 'function'
		? new BroadcastChannel(NAME) : null;
	const started = Date.now();
	let last = null, at = started, heard = started;
	let state = 'connecting', feed = null;

	function setState(name) {
		if (name === state || name === 'trying')
			return;
		state = name;
		on.state(name, last ? last.t * 1000 : null);
	}

	function take(line) {
		let frame;

		try {
			frame = JSON.parse(line);
		} catch {
			return;		/* cut off: the next one comes */
		}
		at = Date.now();
		if (last && frame.seq === last.seq && frame.t === last.t) {
			setState('open');
			return;
		}
		const gap = last && frame.seq !== last.seq + 1;

		last = frame;
		setState('open');
		if (gap)
			on.gap();
		on.frame(frame);
	}

	function lead() {
		feed ??= new Feed(line => {
			take(line);
			channel?.postMessage(line);
		}, name => {
			setState(name);
			channel?.postMessage({ state: name });
		});
	}

	if (channel)
		channel.onmessage = ({ data }) => {
			heard = Date.now();
			if (typeof data === 'string')
				take(data);
			else
				setState(data.state);
		};
	if (channel && navigator.locks)
		navigator.locks.request(NAME, () => {
			lead();
			return new Promise(() => {});	/* until the tab goes */
		});
	else
		lead();
	setInterval(() => {
		const silent = Date.now() - at;

		if (silent > SILENCE_MS && state !== 'denied')
			setState('lost');
		if (Math.min(silent, Date.now() - heard) > ORPHAN_MS)
			lead();		/* who holds the lock does nothing */
	}, 500);
}
