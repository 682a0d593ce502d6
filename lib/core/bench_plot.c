#include "core/bench_plot.h"

#include <math.h>

#include "data/stats.h"

enum { POINTS = 80, WIDTH = 240, HEIGHT = 48, EDGE = 3 };

static void
begin(struct buf *to, int width, const char *what)
{
	buf_addf(to, "<svg width=%d height=%d role=img aria-label=%s>", width,
	    HEIGHT, what);
}

void
bench_plot_density(struct buf *to, const double x[], size_t n)
{
	double y[POINTS], most = 0, low, high;

	if (n < 2 || x[n - 1] <= x[0]) {
		buf_adds(to, "all equal");
		return;
	}
	low = x[0];
	high = stats_quantile(x, n, 0.95) * 1.05;
	if (high <= low)
		high = x[n - 1];
	while (n > 2 && x[n - 1] > high)
		n--;
	stats_density(x, n, low, high, y, POINTS);
	for (int i = 0; i < POINTS; i++)
		most = fmax(most, y[i]);
	begin(to, WIDTH, "density");
	buf_addf(to, "<path class=area d=\"M0 %d", HEIGHT);
	for (int i = 0; i < POINTS && most > 0; i++)
		buf_addf(to, "L%.1f %.1f", (double)i * WIDTH / (POINTS - 1),
		    HEIGHT - y[i] / most * (HEIGHT - 2));
	buf_addf(to, "L%d %dZ\"/></svg>", WIDTH, HEIGHT);
}

void
bench_plot_history(struct buf *to, const double y[], size_t n)
{
	double most = 0, wide = WIDTH / 2 - 2 * EDGE, high = HEIGHT - 2 * EDGE;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, y[i]);
	begin(to, WIDTH / 2, "history");
	buf_adds(to, "<polyline class=line points=\"");
	for (size_t i = 0; i < n && most > 0; i++)
		buf_addf(to, "%.1f,%.1f ",
		    EDGE + (double)i * wide / (double)(n - 1),
		    HEIGHT - EDGE - y[i] / most * high);
	buf_adds(to, "\"/></svg>");
}

/* Where the logarithm of v lies between those of low and high, 0 to 1. */
static double
place(double v, double low, double high)
{
	return high > low ? log(v / low) / log(high / low) : 0.5;
}

void
bench_plot_scaling(struct buf *to, const double x[], const double y[], size_t n,
    double exponent)
{
	double low = y[0], high = y[0], mean = 0, end[2];
	double wide = WIDTH - 2 * EDGE, tall = HEIGHT - 2 * EDGE;

	/* The line goes through the middle of the points. */
	for (size_t i = 0; i < n; i++)
		mean += (log(y[i]) - exponent * log(x[i])) / (double)n;
	for (int i = 0; i < 2; i++)
		end[i] = exp(mean + exponent * log(x[i ? n - 1 : 0]));
	for (size_t i = 0; i < n; i++) {
		low = fmin(low, y[i]);
		high = fmax(high, y[i]);
	}
	low = fmin(low, fmin(end[0], end[1]));
	high = fmax(high, fmax(end[0], end[1]));
	begin(to, WIDTH, "scaling");
	buf_addf(to, "<polyline class=line points=\"%d,%.1f %.1f,%.1f\"/>",
	    EDGE, HEIGHT - EDGE - place(end[0], low, high) * tall, EDGE + wide,
	    HEIGHT - EDGE - place(end[1], low, high) * tall);
	for (size_t i = 0; i < n; i++)
		buf_addf(to, "<circle class=dot r=2.5 cx=%.1f cy=%.1f />",
		    EDGE + place(x[i], x[0], x[n - 1]) * wide,
		    HEIGHT - EDGE - place(y[i], low, high) * tall);
	buf_adds(to, "</svg>");
}
