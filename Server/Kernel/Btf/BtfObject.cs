using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Btf;

/// <summary>A loaded BTF object: its raw bytes, checked, and the types in them.</summary>
public sealed class BtfObject : KernelObject
{
    private BtfObject(byte[] raw, BtfTypes types)
    {
        Raw = raw;
        Types = types;
    }

    public override ObjectKind Kind => ObjectKind.Btf;

    /// <summary>The blob as it was loaded, header included.</summary>
    public byte[] Raw { get; }

    public BtfTypes Types { get; }

    /// <summary>True for vmlinux and modules.</summary>
    public bool IsKernel { get; private init; }

    public string Name { get; private init; } = "";

    /// <summary>
    /// Checks a blob as BTF_LOAD does and takes it over. Returns 0 or a negative errno (E2BIG beyond 16 MB, EINVAL, EEXIST for a type that
    /// contains itself, ...); what is wrong stands in the log as the kernel words it.
    /// </summary>
    /// <param name="log">btf_log_level and its text; null for none.</param>
    public static int TryParse(byte[] raw, VerifierLog? log, out BtfObject? btf)
    {
        int error = BtfParser.Parse(raw, log, out BtfTypes? types);
        btf = types is null ? null : new BtfObject(raw, types);
        return error;
    }

    /// <summary>The kernel's own types, from a source that is trusted (vmlinux): only finds where each type begins.</summary>
    public static int TryOpenKernel(byte[] raw, string name, out BtfObject? btf)
    {
        int error = BtfParser.ParseTrusted(raw, out BtfTypes? types);
        btf = types is null ? null : new BtfObject(raw, types) { IsKernel = true, Name = name };
        return error;
    }

    protected override void Release()
    {
    }
}
