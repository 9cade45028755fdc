/** Made by `tools/catalogues.mjs`: per stage and language what loads its messages. */
declare module 'virtual:catalogues' {
  type Load = () => Promise<{ default: Readonly<Record<string, import('./index').Message>> }>;
  export const CATALOGUES: Readonly<Record<'first' | 'later', Readonly<Record<string, Load>>>>;
}
