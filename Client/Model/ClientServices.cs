using Microsoft.Extensions.DependencyInjection;

namespace WebBpf.Client.Model;

/// <summary>Services that live as long as one browser tab's connection.</summary>
public static class ClientServices
{
    public static IServiceCollection AddDashboardClient(this IServiceCollection services) => services.AddScoped<LiveKernel>();
}
