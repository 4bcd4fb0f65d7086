/*
 * Sparklines: the last minute as a line over a faint area, drawn at most once
 * a frame and only where it is seen.
 */

const SECONDS = 60;

/** Draws on `canvas`; color is the name of a token in data-color. */
export class Spark {
	#canvas;
	#context;
	#seen = false;
	#wait = 0;
	#points = null;
	#width = 0;
	#height = 0;
	#color = '';		/* kept: to ask for it costs a layout */

	constructor(canvas) {
		this.#canvas = canvas;
		this.#context = canvas.getContext('2d');
		new IntersectionObserver(entries => {
			this.#seen = entries[entries.length - 1]
				.isIntersecting;
			this.#later();
		}).observe(canvas);
		new ResizeObserver(entries => {
			this.#fit(entries[entries.length - 1].contentRect);
			this.#later();
		}).observe(canvas);
		new MutationObserver(() => {
			this.#color = '';
			this.#later();
		}).observe(document.documentElement,
			{ attributeFilter: ['data-theme'] });
	}

	/** points: numbers, NaN where there is none, the newest last. To be
	 * called in an animation frame. */
	set(points) {
		const before = this.#points;

		this.#points = points;
		if (!before || points.some((value, i) =>
			!Object.is(value, before[i])))
			this.#draw();
	}

	#later() {
		this.#wait ||= requestAnimationFrame(() => {
			this.#wait = 0;
			this.#draw();
		});
	}

	#fit({ width, height }) {
		const canvas = this.#canvas, scale = devicePixelRatio || 1;

		canvas.width = Math.round(width * scale);
		canvas.height = Math.round(height * scale);
		this.#width = width;
		this.#height = height;
		this.#context.setTransform(scale, 0, 0, scale, 0, 0);
	}

	#draw() {
		const width = this.#width, height = this.#height;
		const g = this.#context;
		const points = this.#points;
		const step = width / (SECONDS - 1);
		let max = 0;

		if (!this.#seen || !points)
			return;
		for (const value of points)
			if (value > max)
				max = value;
		const x = i => width - (points.length - 1 - i) * step;
		const y = value => height - 1.5 -
			(max ? value / max : 0) * (height - 5);

		g.clearRect(0, 0, width, height);
		this.#color ||= getComputedStyle(this.#canvas)
			.getPropertyValue(this.#canvas.dataset.color);
		g.strokeStyle = g.fillStyle = this.#color;
		g.lineWidth = 1.5;
		g.lineJoin = 'round';
		for (let i = 0; i < points.length; i++) {
			const start = i;

			while (i < points.length && !Number.isNaN(points[i]))
				i++;
			if (i > start)
				this.#run(start, i, x, y, height);
		}
	}

	/* One stretch without gaps. */
	#run(start, end, x, y, height) {
		const g = this.#context, points = this.#points;

		g.beginPath();
		for (let i = start; i < end; i++)
			g.lineTo(x(i), y(points[i]));
		if (end - start === 1)
			g.lineTo(x(start) + 1, y(points[start]));
		g.stroke();
		g.lineTo(x(end - 1), height);
		g.lineTo(x(start), height);
		g.globalAlpha = 0.14;
		g.fill();
		g.globalAlpha = 1;
	}
}
