using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Fs;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Api;

/// <summary>Where a request gets the pins of its kernel from; those of the machine's kernel are not looked for.</summary>
public static class PinSource
{
    public static PinPaths Pins(this HttpContext context) => Caller.Of(context).Pins();

    public static PinPaths Pins(this Caller caller)
    {
        if (caller.IsLinux)
            return PinPaths.None;
        Bpffs fs = caller.Services.GetRequiredService<KernelHost>().Emulated.Fs;
        return new PinPaths([.. fs.All().Where(n => n.Kind != DurableKind.Dir).Select(n => (Bpffs.Mount + n.Path, KindOf(n.Kind), n.ObjectId))]);
    }

    private static ObjectKind KindOf(DurableKind kind) => kind switch
    {
        DurableKind.Prog => ObjectKind.Prog,
        DurableKind.Map => ObjectKind.Map,
        DurableKind.Link => ObjectKind.Link,
        _ => ObjectKind.Other,
    };
}
