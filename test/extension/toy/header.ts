/** The first line of every toy store. */
export const HEADER = '{"toy":1}\n';
