// State that is drawn. A chat is small enough to be drawn as a whole, so nobody needs to know who reads what; this
// takes a hundredth of what a library of signals takes.

/** The object, which tells of every change of one of its fields. */
export function watched<T extends object>(state: T, changed: () => void): T {
  return new Proxy(state, {
    set(target, key, value: unknown) {
      const was: unknown = Reflect.get(target, key);
      Reflect.set(target, key, value);
      if (was !== value) changed();
      return true;
    },
  });
}
