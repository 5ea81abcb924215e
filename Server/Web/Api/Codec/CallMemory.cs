using Microsoft.Extensions.Options;
using WebBpf.Kernel.Syscall;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Api.Codec;

/// <summary>The user memory of one REST call: bounded per call and, by the budget, over all calls.</summary>
public sealed class CallMemory : IDisposable
{
    private readonly InFlightBudget.Lease _lease;

    public CallMemory(InFlightBudget budget, int maxBytes)
    {
        _lease = budget.Take(0);
        Arena = new UserMemoryArena(maxBytes, _lease.Add);
    }

    public UserMemoryArena Arena { get; }

    public void Dispose() => _lease.Dispose();
}

/// <summary>Makes the memory of a request's calls.</summary>
public static class CallMemories
{
    public static CallMemory NewCallMemory(this HttpContext context) => Make(context.RequestServices);

    public static CallMemory NewCallMemory(this Caller caller) => Make(caller.Services);

    private static CallMemory Make(IServiceProvider services) =>
        new(services.GetRequiredService<InFlightBudget>(), services.GetRequiredService<IOptions<LimitsOptions>>().Value.MaxCallMemoryBytes);
}
