// Checks and the diagnostics report, beside the library.
export { Diagnostics } from './diagnostics.js';
export type { DiagnosticEvent, DiagnosticReport } from './diagnostics.js';
export { CHECK_VARIABLE, isCheckCall } from './checks.js';
export type { CheckName, CheckOptions, CheckProblem, CheckReport, CheckResult, CheckVerdict } from './checks.js';
export type { CallStats, WayStats } from './stats.js';
