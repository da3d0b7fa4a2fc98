/** A backup as it stands in its folder. */
export interface StoredBackup {
  readonly file: string;
  /** When it was begun, milliseconds since 1970. */
  readonly begunMs: number;
}

/** How long backups are kept. The newest is kept in any case. */
export interface Retention {
  /** So many of them, the newest. */
  readonly keep: number;
  /** And none that is older. Default: however old. */
  readonly keepForMs?: number | undefined;
}

/** Name of a backup of an environment: `weather-dev-20260131T100000Z.tar`, with `.enc` where it's encrypted. */
export function backupName(environment: string, begunMs: number, encrypted: boolean): string {
  const time = new Date(begunMs).toISOString().replace(/[-:]|\.\d+/g, "");
  return `${environment}-${time}.tar${encrypted ? ".enc" : ""}`;
}

/** The backups of an environment among the files of a folder, newest first; whatever else lies there is none. */
export function backupsAmong(files: readonly string[], environment: string): StoredBackup[] {
  return files
    .flatMap((file): StoredBackup[] => {
      if (!file.startsWith(`${environment}-`)) return [];
      const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.tar(\.enc)?$/.exec(
        file.slice(environment.length + 1),
      );
      if (!time) return [];
      const [, year, month, day, hour, minute, second] = time;
      const begunMs = Date.parse(
        `${year ?? ""}-${month ?? ""}-${day ?? ""}T${hour ?? ""}:${minute ?? ""}:${second ?? ""}Z`,
      );
      return Number.isNaN(begunMs) ? [] : [{ file, begunMs }];
    })
    .sort((a, b) => b.begunMs - a.begunMs);
}

/** Those whose time is up. */
export function expired(
  backups: readonly StoredBackup[],
  { keep, keepForMs }: Retention,
  nowMs: number,
): StoredBackup[] {
  return [...backups]
    .sort((a, b) => b.begunMs - a.begunMs)
    .filter(
      ({ begunMs }, index) =>
        index > 0 && (index >= keep || (keepForMs !== undefined && nowMs - begunMs > keepForMs)),
    );
}
