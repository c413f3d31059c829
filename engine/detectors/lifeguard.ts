/**
 * Lifeguard: SWIM for nodes that may be slow themselves. Most false positives come from the accuser, which did not get round to
 * reading the ack. So a node that misses answers doubts itself and probes less often and with more patience (local health);
 * suspicion starts long and is cut short only by others who come to it on their own; and whoever pings a suspect tells it so
 * at once, so that it need not wait for the rumour to object (buddy).
 *
 * Each of the three is switched off alone: `max_health` 0, `suspicion_max_mult` 1, `buddy` false.
 */
import type { DetectorFactory } from "./detector";
import { createSwim } from "./swim";

export const lifeguard: DetectorFactory = {
  name: "lifeguard",
  prose:
    "SWIM whose nodes doubt themselves when answers are missing, take longer over a suspicion the fewer share it, and tell suspects " +
    "at once. Far fewer false positives where nodes are overloaded, for the same detection time.",
  source: "Dadgar, Phillips, Currey, Lifeguard: Local Health Awareness for More Accurate Failure Detection, DSN-W 2018",
  create: createSwim,
};
