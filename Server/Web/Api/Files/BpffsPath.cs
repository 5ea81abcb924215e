namespace WebBpf.Server.Api;

/// <summary>Paths of the bpffs: <c>/api/v1/bpffs/x</c> is the file <c>/sys/fs/bpf/x</c>.</summary>
public static class BpffsPath
{
    public const string Mount = "/sys/fs/bpf";

    /// <summary>A path below the mount, or one that names the mount itself, as obj_pin takes it; no trailing slash.</summary>
    public static string Absolute(string path)
    {
        string trimmed = path.Trim('/');
        string mount = Mount.Trim('/');
        if (trimmed == mount || trimmed.StartsWith(mount + "/", StringComparison.Ordinal))
            return "/" + trimmed;
        return trimmed.Length == 0 ? Mount : $"{Mount}/{trimmed}";
    }

    /// <summary>A name as a file of the bpffs may have: libbpf replaces dots (".rodata") likewise.</summary>
    public static string FileName(string name) => name.Replace('.', '_');
}
