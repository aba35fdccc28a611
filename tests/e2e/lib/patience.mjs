// How much longer than usual programs may take: under valgrind they are slow.
export const PATIENCE = process.env.NPCSIM_VALGRIND ? 10 : 1;
