/** How a plan is searched: see docs/model.md, section Solving. */
export const planMethods = ['two-timescale', 'exact', 'bandwidth'] as const;
/** How bandwidths are found once all choices are fixed. */
export const bandwidthMethods = ['sqp', 'scalar'] as const;
