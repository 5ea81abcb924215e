namespace WebBpf.Shared.Wire;

/// <summary>A file or directory of the bpffs.</summary>
/// <param name="Path">As obj_get takes it: "/sys/fs/bpf/dir/file".</param>
/// <param name="Name">The last part of the path; empty for the mount.</param>
/// <param name="Kind">"prog", "map", "link" or "dir".</param>
/// <param name="Id">Of the pinned object.</param>
/// <param name="Mode">Permission bits in octal ("0600").</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Entries">What is in a directory, in order of name.</param>
public sealed record FileInfoItem(
    string Path, string Name, string Kind, uint? Id, string Mode, uint Uid, uint Gid, DateTimeOffset CreatedAt, IReadOnlyList<FileInfoItem>? Entries, string? NextCursor);

/// <summary>What a PUT makes: a pin of the object with this id, or a directory.</summary>
public sealed record FileWrite(string Kind, uint? Id);
