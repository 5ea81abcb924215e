namespace WebBpf.Server.Api;

/// <summary>Where a request gets the pins of its kernel from.</summary>
public static class PinSource
{
    public static PinPaths Pins(this HttpContext context) => PinPaths.None;
}
