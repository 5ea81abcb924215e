using WebBpf.Kernel.Uapi;

namespace WebBpf.Loader.Sections;

/// <summary>What a section name says of the programs in it: type, attach type, and what follows the slash.</summary>
/// <param name="Name">The section name itself, or its part before the slash.</param>
/// <param name="Form">Whether something may or must follow.</param>
public sealed record SectionRule(string Name, BpfProgType Type, BpfAttachType AttachType = 0, SectionForm Form = SectionForm.Exact)
{
    /// <summary>expected_attach_type is sent with the load.</summary>
    public bool SendsAttachType { get; init; }

    /// <summary>Programs may sleep (BPF_F_SLEEPABLE).</summary>
    public bool Sleepable { get; init; }

    /// <summary>XDP programs that understand fragments (BPF_F_XDP_HAS_FRAGS).</summary>
    public bool Fragments { get; init; }

    /// <summary>What follows names a type or function in the kernel's BTF, whose id must be sent.</summary>
    public bool NeedsBtfTarget { get; init; }
}

/// <summary>How a section name may go on after its first part.</summary>
public enum SectionForm
{
    /// <summary>Nothing follows.</summary>
    Exact,

    /// <summary>"/target" must follow.</summary>
    Target,

    /// <summary>"/target" may follow.</summary>
    OptionalTarget,

    /// <summary>Anything may follow that starts with a slash; kept for names such as "xdp/prog1" (libbpf: "xdp" only).</summary>
    Legacy,
}

/// <summary>A section name that was understood.</summary>
public sealed record SectionMatch(SectionRule Rule, string? Target);
