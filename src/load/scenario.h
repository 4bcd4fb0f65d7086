#ifndef RINGMASTER_LOAD_SCENARIO_H
#define RINGMASTER_LOAD_SCENARIO_H

#include "load/draft.h"

/*
 * Scenario files: a test written down in the language of the configuration.
 *
 *   scenario NAME {
 *       target   URL;
 *       arrivals constant | poisson | uniform;
 *       stage    ramp [RATE] RATE over TIME;
 *       stage    hold TIME;
 *       request  NAME [weight=NUMBER] {
 *           get | post | put | delete URI;
 *           header NAME VALUE;
 *           body TEXT;
 *           expect status NUMBER;
 *           expect body TEXT;
 *       }
 *       session  [cookies=keep] [think=TIME[..TIME]];
 *       slo      EXPRESSION;
 *   }
 *
 * Stages follow each other; a ramp begins at the rate that the one before
 * ended with, or at the one it names. Without a stage the model is what the
 * options say. Requests are chosen by weight, or without any sent in turn.
 *
 * A session makes a user of each connection, who keeps cookies and, in the
 * closed model, thinks between an answer and the next request: any time of
 * the range is as likely. In the open model arrivals say when requests are
 * sent.
 */

struct scenario {
	const char *name;
	struct schedule schedule;	/* points, arrivals; count 0: no
					 * stage */
	bool has_arrivals;
	bool has_session;
	double think_min_s, think_max_s;
	const char *slos[LOAD_SLOS_MAX];
	unsigned slo_count;
};

/*
 * Read the one scenario of a file; its requests are added to `draft`, whose
 * target it sets unless that is known. Strings live in the draft's arena.
 *
 * Returns 0 or -errno after fault_set(), with file and line.
 */
int scenario_read(struct draft *draft, const char *path,
    struct scenario *ret);

#endif
