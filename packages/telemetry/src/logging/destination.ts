/** Where lines go: anything with `write`, called once a line, synchronously. */
export interface LogDestination {
  /** Takes one line that ends in a newline. */
  write(line: string): void;
}
