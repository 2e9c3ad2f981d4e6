const COMMIT = /^[0-9a-f]{40}$/;

/** A commit by its first digits; another revision as it is. */
export const shortRevision = (revision: string): string =>
  COMMIT.test(revision) ? revision.slice(0, 12) : revision;
