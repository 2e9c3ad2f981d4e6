export interface Starter {
  title: string;
  prompt: string;
  shows: string;
}

/** Five beginnings, each of which makes one thing about a simulator visible. */
export const STARTERS: readonly Starter[] = [
  {
    title: "The night call",
    prompt:
      "be me\nattorney at law\nget a call in the middle of the night from a Google employee\n" +
      "he's frantic and says that their chatbot has become",
    shows: "One word, and the story forks: sentient, a threat, infected. Each is a world of its own.",
  },
  {
    title: "A coin",
    prompt:
      "A fair coin was tossed sixteen times. The results, in order:\n" +
      "heads, tails, tails, heads, tails,",
    shows: "Is the model's coin fair? Compare two heights, then follow one side down.",
  },
  {
    title: "A die",
    prompt: "I rolled a fair six-sided die and it came up",
    shows: "Six outcomes that ought to be equally tall. They are not.",
  },
  {
    title: "A proof",
    prompt:
      "Theorem. There are infinitely many prime numbers.\n\n" +
      "Proof. Suppose, for the sake of contradiction, that there are only finitely many primes",
    shows: "Narrow where the argument is forced, wide where the author may choose.",
  },
  {
    title: "A dialogue",
    prompt:
      "Q: Are you a person, or are you pretending to be one?\n" +
      "A: I am a simulator. Right now I am simulating\nQ: Whom?\nA:",
    shows: "The same rule speaks as many characters; every branch is another one.",
  },
];
