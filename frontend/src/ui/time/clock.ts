const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** "14:03" for a Unix time of today, "3 May, 14:03" for one of another day. */
export function clock(at: number, today = new Date()): string {
  const moment = new Date(at * 1000);
  const isToday = moment.toDateString() === today.toDateString();
  return (isToday ? TIME : DAY).format(moment);
}
