/*
 * What the page knows: the frames of the last hour, second by second, in
 * rings of fixed size; the history of longer times as the server gives it;
 * marks and workers; and the window of time that the charts show.
 *
 * Everything is in typed arrays made once. NaN is "not known", and stays a
 * gap. Times are Unix seconds; a point is about the second (or step) that
 * ends at its time. Only this module asks for /api/v1/history, heatmap and
 * marks.
 */

const LIVE_S = 3600;		// what the rings hold
const BOOT_S = 300;		// what is fetched of it at once
const HEAT_ROWS = 64;
const HEAT_COLUMNS = 360;	// of a window, at most
const MARKS_MAX = 256;
const WORKERS_MAX = 16;		// as many as a frame names
const WORKER_S = 60;
const POINTS_MAX = 720;		// of a window that is fetched, about
const ZOOM_MIN_S = 5;
const DAY_S = 86400;
const RETRY_S = 10;		// after a fetch that failed
const CLOCK_BACK_S = 10;	// frames older than this: the clock was set

/* Steps of the server's records, in seconds, finest first. */
const SPANS = [1, 10, 60];

/* Series made here of others. */
const TOTAL = 'requests_total';

/* Series that are there of yesterday, too. */
const GHOSTS = ['active_clients', 'requests', 'latency_p99'];

/**
 * The step for a time of `seconds`: whole records, at most about POINTS_MAX
 * points.
 */
export function stepOf(seconds) {
	const fine = SPANS.find((span) => seconds / span <= POINTS_MAX) ??
	    SPANS.at(-1);

	return Math.ceil(seconds / POINTS_MAX / fine) * fine;
}

/**
 * Requests up to each point, counted back from `last` (the count at the last
 * point). `known` overrides where it is a number. Before the count's zero,
 * and where nothing was recorded, there is none.
 */
export function countBack(rates, step, last, known, out) {
	let sum = last;

	for (let i = rates.length - 1; i >= 0; i--) {
		if (known && known[i] >= 0)
			sum = known[i];
		out[i] = sum >= 0 && rates[i] >= 0 ? sum : NaN;
		if (rates[i] >= 0)
			sum -= rates[i] * step;
	}
	return out;
}

/**
 * Jain's index of balance of what each of n does: 1 is even, 1/n is all on
 * one; NaN if there is nothing to share.
 */
export function balance(numbers) {
	let sum = 0, squares = 0;

	for (const number of numbers) {
		sum += number;
		squares += number * number;
	}
	return squares > 0 ? sum * sum / (numbers.length * squares) : NaN;
}

function nanArray(length) {
	return new Float64Array(length).fill(NaN);
}

/** A ring of seconds: named columns, and the counts of a heatmap. */
class Live {
	constructor(names) {
		this.columns = names.map(() => nanArray(LIVE_S));
		this.stamps = new Float64Array(LIVE_S);
		this.heat = new Uint32Array(LIVE_S * HEAT_ROWS);
		this.heatStamps = new Float64Array(LIVE_S);
		this.newest = 0;
	}

	/* May second t be written? What is older than the ring may not. */
	#fits(t) {
		return t > 0 && t > this.newest - LIVE_S;
	}

	/* Begin second t: all is unknown, unless it was begun before. */
	begin(t) {
		const slot = t % LIVE_S;

		if (!this.#fits(t))
			return -1;
		if (this.stamps[slot] !== t) {
			this.stamps[slot] = t;
			for (const column of this.columns)
				column[slot] = NaN;
		}
		return slot;
	}

	/* pairs: row, count, row, count, ... or null if not recorded */
	putHeat(t, pairs) {
		const slot = t % LIVE_S;
		const first = slot * HEAT_ROWS;

		if (!pairs || !this.#fits(t))
			return;
		this.heat.fill(0, first, first + HEAT_ROWS);
		for (let i = 0; i + 1 < pairs.length; i += 2)
			if (pairs[i] < HEAT_ROWS)
				this.heat[first + pairs[i]] = pairs[i + 1];
		this.heatStamps[slot] = t;
	}

	at(column, t) {
		const slot = t % LIVE_S;

		return this.stamps[slot] === t ? this.columns[column][slot]
		    : NaN;
	}

	/* Seconds from + 1 to from + out.length. */
	copy(column, from, out) {
		for (let i = 0; i < out.length; i++)
			out[i] = this.at(column, from + 1 + i);
		return out;
	}

	holds(from) {
		return from >= this.newest - LIVE_S;
	}
}

/** The counts of a window: `count` columns of HEAT_ROWS. */
class Heat {
	constructor() {
		this.from = this.count = this.recorded = 0;
		this.step = 1;
		this.open = false;
		this.counts = new Uint32Array(HEAT_ROWS);
		this.known = new Uint8Array(1);
	}

	size(from, step, count) {
		this.from = from;
		this.step = step;
		this.count = count;
		if (this.known.length < count) {
			this.counts = new Uint32Array(count * HEAT_ROWS);
			this.known = new Uint8Array(count);
		}
		this.counts.fill(0);
		this.known.fill(0);
	}

	/* Columns of whole steps of the clock, so that they stay when the
	 * window moves on. */
	read(live, from, to) {
		const step = Math.ceil((to - from) / HEAT_COLUMNS);
		const start = from - from % step;

		this.size(start, step, Math.ceil((to - start) / step));
		this.#add(live, Math.max(start, from), to);
	}

	/* Add what happened in seconds from + 1 to `to`. */
	#add(live, from, to) {
		for (let t = from + 1; t <= to; t++) {
			const slot = t % LIVE_S;
			const column = Math.floor((t - 1 - this.from) /
			    this.step);

			if (live.heatStamps[slot] !== t)
				continue;
			this.known[column] = 1;
			for (let row = 0; row < HEAT_ROWS; row++)
				this.counts[column * HEAT_ROWS + row] +=
				    live.heat[slot * HEAT_ROWS + row];
		}
	}

	/* Begin what came since the server's last column anew. */
	tail(live, to) {
		const from = this.from + this.recorded * this.step;

		this.count = this.recorded + (to > from ? 1 : 0);
		this.counts.fill(0, this.recorded * HEAT_ROWS);
		this.known[this.recorded] = 0;
		this.#add(live, from, Math.min(to, from + this.step));
	}

	/* open: with more to come, for which there is room */
	take(answer, open) {
		this.open = open;
		this.recorded = answer.columns.length;
		this.size(answer.from, answer.step, this.recorded + 1);
		this.count = this.recorded;
		answer.columns.forEach((pairs, column) => {
			if (!pairs)
				return;
			this.known[column] = 1;
			for (let i = 0; i + 1 < pairs.length; i += 2)
				this.counts[column * HEAT_ROWS + pairs[i]] =
				    pairs[i + 1];
		});
	}
}

/** Of each worker a minute: requests a second. */
class Workers {
	constructor() {
		this.indexes = new Int32Array(WORKERS_MAX).fill(-1);
		this.seen = new Float64Array(WORKERS_MAX);
		this.rates = nanArray(WORKERS_MAX * WORKER_S);
		this.stamps = new Float64Array(WORKERS_MAX * WORKER_S);
	}

	/* The place of a worker: its own, or that unused for longest. */
	#place(index) {
		let place = this.indexes.indexOf(index);

		if (place >= 0)
			return place;
		place = this.seen.indexOf(Math.min(...this.seen));
		this.indexes[place] = index;
		this.stamps.fill(0, place * WORKER_S,
		    (place + 1) * WORKER_S);
		return place;
	}

	put(t, index, rate) {
		const place = this.#place(index);
		const slot = place * WORKER_S + t % WORKER_S;

		this.seen[place] = t;
		this.rates[slot] = rate ?? NaN;
		this.stamps[slot] = t;
	}

	/* The minute that ends at `to`. */
	recent(index, to) {
		const place = this.indexes.indexOf(index);
		const out = nanArray(WORKER_S);

		for (let i = 0; i < WORKER_S && place >= 0; i++) {
			const t = to - WORKER_S + 1 + i;
			const slot = place * WORKER_S + t % WORKER_S;

			if (this.stamps[slot] === t)
				out[i] = this.rates[slot];
		}
		return out;
	}
}

/** See the head of the module; `store` below is the page's one. */
export class Store {
	#listeners = new Map();
	#fetches = new Map();	// what for -> AbortController
	#retryAt = 0;
	#filledFrom = Infinity;	// the rings were filled back to it
	#window = { from: 0, to: 0 };
	#source = null;		// arrays of the server, or null: the rings
	#arrays = new Map();	// name -> array of the window
	#spare = new Map();	// arrays to use again
	#times = new Float64Array(0);
	#heat = new Heat();
	#heatDrawn = false;	// #heat is of the window
	#marks = [];
	#ghost = null;
	#ghostAt = 0;		// when to ask for it again, at the earliest
	#pausedAt = 0;
	#total = NaN;		// count of requests now
	#anchor = NaN;		// count at the end of #source

	/** fetchJson: of an address, for tests. */
	constructor(fetchJson = fetchPlain) {
		this.fetchJson = fetchJson;
		this.catalogue = { history: [], heat_edges: [] };
		this.names = [];
		this.index = new Map();
		this.live = new Live([]);
		this.workerRings = new Workers();
		this.last = null;
		this.down = null;
		this.paused = false;
		this.ghostOn = false;
		this.range = { seconds: 30, zoom: null };
		this.version = 0;	// of the window's contents
	}

	/* ---- events ---- */

	/**
	 * Call fn at 'boot', 'frame', 'range', 'pause', 'marks', 'down' or
	 * 'data' (the window's contents were fetched). Gives a function that
	 * ends that.
	 */
	on(name, fn) {
		if (!this.#listeners.has(name))
			this.#listeners.set(name, new Set());
		this.#listeners.get(name).add(fn);
		return () => this.#listeners.get(name).delete(fn);
	}

	#emit(name, detail) {
		for (const fn of this.#listeners.get(name) ?? [])
			fn(detail);
	}

	/* ---- what comes in ---- */

	/** The answer of /api/v1/catalogue; again after a reconnection. */
	boot(catalogue) {
		const names = catalogue.history.map((one) => one.name);

		this.catalogue = catalogue;
		if (names.join() !== this.names.slice(0, -1).join()) {
			this.names = [...names, TOTAL];
			this.index = new Map(this.names.map((one, i) =>
			    [one, i]));
			this.#forget();
		}
		this.#emit('boot', catalogue);
		this.#refresh();
		this.fetchMarks();
	}

	/* The series are others, or the clock was set back. */
	#forget() {
		this.live = new Live(this.names);
		this.#arrays.clear();
		this.#spare.clear();
		this.#filledFrom = Infinity;
		this.#retryAt = 1;
	}

	/** A frame of the stream. */
	push(frame) {
		const before = this.live.newest;
		const { t } = frame;

		if (t < before - CLOCK_BACK_S)
			this.#forget();
		this.last = frame;
		this.#total = frame.tot?.requests ?? this.#total;
		this.live.newest = Math.max(this.live.newest, t);
		this.#putFrame(frame);
		this.#addMarks((frame.m ?? []).map(([ms, kind, text]) =>
		    ({ ms, kind, text })));
		if (before && t > before + 1)
			this.#fill(Math.max(before, t - LIVE_S), t);
		this.#advance();
		this.#emit('frame', frame);
	}

	/** The stream is lost, or the server: since when (ms); null: back. */
	setDown(sinceMs) {
		if (this.down === sinceMs)
			return;
		this.down = sinceMs;
		this.#emit('down', sinceMs);
	}

	#putFrame(frame) {
		const { live } = this;
		const slot = live.begin(frame.t);

		(frame.s ?? []).forEach((value, i) => {
			if (i < this.names.length - 1)
				live.columns[i][slot] = value ?? NaN;
		});
		if (this.names.length)
			live.columns.at(-1)[slot] =
			    frame.up ? frame.tot?.requests ?? NaN : NaN;
		live.putHeat(frame.t, frame.up ? frame.h : null);
		for (const worker of frame.w ?? [])
			this.workerRings.put(frame.t, worker[0], worker[4]);
	}

	/* ---- the server's history ---- */

	/* One fetch for each `what`; a newer one ends it. Nothing comes of
	 * one that fails: the next frames try again. */
	async #get(what, address, take) {
		const control = new AbortController();

		this.#fetches.get(what)?.abort();
		this.#fetches.set(what, control);
		try {
			const answer = await this.fetchJson(address,
			    control.signal);

			if (this.#fetches.get(what) === control)
				take(answer);
		} catch {
			if (this.#fetches.get(what) === control)
				this.#retryAt = this.live.newest + RETRY_S;
		} finally {
			if (this.#fetches.get(what) === control)
				this.#fetches.delete(what);
		}
	}

	/* Fill seconds from + 1 to `to` of the rings, where no frame did. */
	#fill(from, to) {
		const query = `range=${from}..${to}&step=1`;

		this.#filledFrom = Math.min(this.#filledFrom, from);
		this.#get(`fill ${from}`, `/api/v1/history?${query}`,
		    (answer) => {
			this.#takeFill(answer);
			this.#changed();
			this.#emit('data');
		});
		this.#get(`heat ${from}`, `/api/v1/heatmap?${query}`,
		    (answer) => {
			answer.columns.forEach((pairs, i) => {
				const t = answer.from + 1 + i;

				if (answer.step === 1 &&
				    this.live.heatStamps[t % LIVE_S] !== t)
					this.live.putHeat(t, pairs);
			});
			this.#changed();
			this.#emit('data');
		});
	}

	#takeFill(answer) {
		const { live } = this;

		if (answer.step !== 1)
			return;		// older than the server's finest ring
		for (const { name, points } of answer.series) {
			const column = live.columns[this.index.get(name)];

			if (!column)
				continue;
			answer.time.forEach((t, i) => {
				const slot = live.begin(t);

				if (slot >= 0 && Number.isNaN(column[slot]))
					column[slot] = points[i] ?? NaN;
			});
		}
	}

	/* Fetch what the window needs and is not there. */
	#refresh() {
		const { seconds, zoom } = this.range;
		const now = this.live.newest;

		if (!this.names.length || !now) {
			this.#retryAt = 1;
			return;
		}
		if (zoom ? this.live.holds(zoom[0]) : seconds <= LIVE_S) {
			this.#stop();
			this.#source = null;
			this.#show(zoom ?? [now - seconds, now]);
			if (this.#filledFrom > this.#window.from)
				this.#fill(now - (zoom || seconds > BOOT_S ?
				    LIVE_S : BOOT_S), now);
		} else {
			this.#fetchWindow(zoom ?? [now - seconds, now]);
		}
	}

	#stop() {
		for (const what of ['history', 'heat', 'ghost']) {
			this.#fetches.get(what)?.abort();
			this.#fetches.delete(what);
		}
	}

	#fetchWindow([from, to]) {
		const step = stepOf(to - from);
		const query = `range=${from}..${to}&step=${step}`;

		this.#get('history', `/api/v1/history?${query}`, (answer) => {
			this.#anchor = this.#totalAt(answer.to);
			/* one more for what came after */
			const tail = !this.range.zoom;
			const more = tail ? [null] : [];

			this.#source = {
				step: answer.step,
				from: answer.from,
				to: answer.to,
				tail,
				times: Float64Array.from([...answer.time,
					...more]),
				series: new Map(answer.series.map((one) =>
				    [one.name, Float64Array.from([...one.points,
				    ...more], (point) => point ?? NaN)])),
			};
			this.#show(this.range.zoom ??
			    [answer.from, this.live.newest]);
			this.#emit('data');
		});
		this.#get('heat', `/api/v1/heatmap?${query}`, (answer) => {
			this.#heat.take(answer, !this.range.zoom);
			this.#heatDrawn = true;
			this.version++;
			this.#emit('data');
		});
	}

	/* How many requests there had been at time t, if that can be said. */
	#totalAt(t) {
		const live = this.live.at(this.names.length - 1, t);
		const times = this.#source?.times ?? [];
		const i = times.findIndex((time) => time >= t);

		if (live >= 0)
			return live;
		return i >= 0 && t < times.at(-1) ? this.data(TOTAL)[i]
		    : this.#total;
	}

	/** The server's marks; again where frames may have been missed. */
	fetchMarks() {
		this.#get('marks', '/api/v1/marks?range=7d', (answer) =>
		    this.#addMarks(answer.marks.map((mark) => ({
			ms: mark.time_unix_ms,
			kind: mark.kind, text: mark.text }))));
	}

	#addMarks(marks) {
		let news = false;

		for (const mark of marks) {
			if (this.#marks.some((old) => old.ms === mark.ms &&
			    old.kind === mark.kind && old.text === mark.text))
				continue;
			this.#marks.push(mark);
			news = true;
		}
		if (!news)
			return;
		this.#marks.sort((a, b) => a.ms - b.ms);
		this.#marks.splice(0, this.#marks.length - MARKS_MAX);
		this.#emit('marks');
	}

	/* ---- the window ---- */

	/* Move on with the newest frame. */
	#advance() {
		const { seconds, zoom } = this.range;
		const now = this.live.newest;

		if (this.#retryAt && now >= this.#retryAt) {
			this.#retryAt = 0;
			this.#filledFrom = Infinity;
			this.#refresh();
		} else if (this.paused || (zoom && zoom[1] < now)) {
			return;
		} else if (!this.#source && (zoom || seconds <= LIVE_S)) {
			this.#show(zoom ?? [now - seconds, now]);
		} else if (this.#source && !this.#fetches.has('history') &&
		    now - this.#source.to > this.#source.step + 1) {
			this.#refresh();
		} else if (this.#source?.tail && !zoom) {
			this.#show([this.#source.from, now]);
		}
	}

	/* Show this time. */
	#show([from, to]) {
		this.#window = { from, to };
		this.#changed();
		this.#fetchGhost();
	}

	/* The contents of the window are others. */
	#changed() {
		const { from, to } = this.#window;
		const count = to - from;

		this.version++;
		this.#arrays.clear();
		this.#heatDrawn &&= Boolean(this.#source);
		if (this.#source) {
			this.#times = this.#source.times;
			if (this.#source.tail && !this.range.zoom)
				this.#times[this.#times.length - 1] = to;
		} else {
			this.#times = this.#array('time', count);
		}
		for (let i = 0; !this.#source && i < count; i++)
			this.#times[i] = from + 1 + i;
	}

	/* An array for `name`, the one of before if it has the length. */
	#array(name, length) {
		let array = this.#spare.get(name);

		if (array?.length !== length) {
			array = nanArray(length);
			this.#spare.set(name, array);
		}
		return array;
	}

	/** From, to (seconds) and step of what is shown. */
	window() {
		return { ...this.#window, step: this.#source?.step ?? 1 };
	}

	/** The times of the window's points. */
	times() {
		return this.#times;
	}

	/** A series at these times. Overwritten when the window moves. */
	data(name) {
		let array = this.#arrays.get(name);

		if (!array) {
			array = this.#read(name, this.#times.length);
			this.#arrays.set(name, array);
		}
		return array;
	}

	#read(name, length) {
		const out = this.#array(name, length);
		const column = this.index.get(name);
		const last = column === this.names.length - 1;

		if (this.#source && last) {
			const { step, tail } = this.#source;

			countBack(this.data('requests').subarray(0, tail ? -1
			    : undefined), step, this.#anchor, null, out);
			if (tail)
				out[length - 1] = this.#total;
			return out;
		}
		if (this.#source)
			return this.#withTail(name) ?? out.fill(NaN);
		if (column === undefined)
			return out.fill(NaN);
		this.live.copy(column, this.#window.from, out);
		return last ? countBack(this.data('requests'), 1,
		    this.#total, out, out) : out;
	}

	/* A series of the server; its last point: the mean of what came
	 * since. */
	#withTail(name) {
		const points = this.#source.series.get(name);
		const { to, tail } = this.#source;
		let sum = 0, n = 0;

		if (!points || !tail || this.range.zoom)
			return points;
		for (let t = to + 1; t <= this.#window.to; t++) {
			const value = this.live.at(this.index.get(name), t);

			if (value === value) {
				sum += value;
				n++;
			}
		}
		points[points.length - 1] = n ? sum / n
		    : this.#window.to > to ? NaN : points.at(-2) ?? NaN;
		return points;
	}

	/**
	 * The heatmap of the window: from, step, count and, of each column,
	 * HEAT_ROWS counts; known[column] is 0 where nothing was recorded.
	 */
	heat() {
		if (!this.#source && !this.#heatDrawn) {
			this.#heat.read(this.live, this.#window.from,
			    this.#window.to);
			this.#heatDrawn = true;
		} else if (this.#heat.open && this.#source?.tail &&
		    !this.range.zoom && !this.paused) {
			this.#heat.tail(this.live, this.#window.to);
		}
		return this.#heat;
	}

	/** Marks {ms, kind, text} of the window, oldest first. */
	marks() {
		const { from, to } = this.#window;

		return this.#marks.filter((mark) =>
		    mark.ms >= from * 1000 && mark.ms <= to * 1000 + 999);
	}

	/** All marks that are kept, oldest first. */
	allMarks() {
		return this.#marks;
	}

	/* ---- what cards ask for ---- */

	/** The last value of a series; NaN if there is none. */
	value(name) {
		return this.live.at(this.index.get(name) ?? -1,
		    this.live.newest);
	}

	/** The last n seconds of a series, at most an hour. */
	recent(name, n) {
		const column = this.index.get(name);
		const out = nanArray(Math.min(n, LIVE_S));

		return column === undefined ? out : this.live.copy(column,
		    this.live.newest - out.length, out);
	}

	/** The last minute of a worker's requests a second. */
	workerRecent(index) {
		return this.workerRings.recent(index, this.live.newest);
	}

	/* ---- what the user does ---- */

	/** Show the last `seconds`. */
	setRange(seconds) {
		this.range = { seconds, zoom: null };
		this.#moved();
	}

	/** Show from..to. */
	zoom(from, to) {
		const now = this.live.newest || Math.ceil(to);

		from = Math.floor(from);
		to = Math.min(Math.max(Math.ceil(to), from + ZOOM_MIN_S),
		    now);
		if (to - from < ZOOM_MIN_S)
			from = to - ZOOM_MIN_S;
		this.range = { ...this.range, zoom: [from, to] };
		if (this.#source)
			this.#show([from, to]);	// coarse until it is there
		this.#moved();
	}

	/** Back to the range. */
	unzoom() {
		if (!this.range.zoom)
			return;
		this.range = { ...this.range, zoom: null };
		this.#moved();
	}

	#moved() {
		this.#refresh();
		this.#emit('range', this.range);
	}

	/** Hold the picture; frames are still taken in. */
	setPaused(paused) {
		if (this.paused === paused)
			return;
		this.paused = paused;
		this.#pausedAt = this.live.newest;
		if (paused)
			this.heat();	// before the rings go on
		else
			this.#refresh();
		this.#emit('pause', paused);
	}

	/** Seconds that a paused picture is behind. */
	get behind() {
		return this.paused ? this.live.newest - this.#pausedAt : 0;
	}

	/* ---- the same time yesterday ---- */

	/** May there be one? A day before a week ago is not kept. */
	get ghostPossible() {
		return this.range.seconds <= DAY_S;
	}

	setGhost(on) {
		this.ghostOn = on;
		this.#ghost = null;
		this.#ghostAt = 0;
		this.#fetchGhost();
		this.version++;
		this.#emit('data');
	}

	/** A series a day before the times of the window, or null. */
	ghost(name) {
		const points = this.ghostOn && this.#ghost?.series.get(name);
		const out = points && this.#array(`ghost ${name}`,
		    this.#times.length);

		if (!points)
			return null;
		for (let i = 0; i < out.length; i++)
			out[i] = points[Math.ceil((this.#times[i] - DAY_S -
			    this.#ghost.from) / this.#ghost.step) - 1] ?? NaN;
		return out;
	}

	/* Fetch it unless it is there; a little more, as the window moves. */
	#fetchGhost() {
		const { from, to } = this.#window;
		const step = Math.max(SPANS[1], stepOf(to - from));
		const until = to - DAY_S + Math.max(60, (to - from) / 10 | 0);

		if (!this.ghostOn || !this.ghostPossible || !from ||
		    this.live.newest < this.#ghostAt ||
		    (this.#ghost?.from <= from - DAY_S && this.#ghost.to >=
		    to - DAY_S && this.#ghost.step <= 2 * step))
			return;
		this.#ghostAt = this.live.newest + RETRY_S;
		this.#get('ghost', `/api/v1/history?range=${from - DAY_S}..` +
		    `${until}&step=${step}&series=${GHOSTS}`, (answer) => {
			this.#ghost = { ...answer, to: until,
				series: new Map(answer.series.map((one) =>
				    [one.name, one.points])) };
			this.version++;
			this.#emit('data');
		});
	}
}

async function fetchPlain(address, signal) {
	const answer = await fetch(address, { signal });

	if (!answer.ok)
		throw new Error(`${address}: ${answer.status}`);
	return answer.json();
}

/** The page's store. */
export const store = new Store();
