/** Where one looks: an interval of one state's own unit interval, which fills the height. */
export interface Camera {
  /** The state whose interval the numbers are measured in, so that no depth wears doubles out. */
  readonly anchor: number;
  readonly lo: number;
  readonly hi: number;
}
