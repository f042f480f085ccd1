/** What a file stands for, and the limits that alone prove that no plan exists. */
export interface Checked {
  readonly summary: string;
  readonly conflicts: readonly { readonly message: string }[];
  /** Said before the conflicts. */
  readonly heading: string;
}
